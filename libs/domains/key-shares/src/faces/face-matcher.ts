import type { Secret } from '@strongroom/crypto'

/** What a FaceTec SDK gives after a scan, each part as the base64 text that the device sent. */
export interface FaceScan {
  readonly faceScan: Secret
  readonly auditTrailImage: Secret
  readonly lowQualityAuditTrailImage: Secret
  /** The SDK's own, which the session token was asked for with. */
  readonly userAgent: string | undefined
}

export type FaceOutcome =
  /** `scanResultBlob` is for the SDK on the device, and says nothing to us. */
  | { readonly outcome: 'passed'; readonly scanResultBlob?: string }
  | { readonly outcome: 'not-live' | 'replayed' | 'no-match' | 'already-enrolled' | 'not-enrolled' }

/** Whoever can tell a living face from a picture, and one face from another. References are lower-case UUIDs. */
export interface FaceMatcher {
  /** What the SDK on the device needs before it scans. @throws FaceServiceUnavailable */
  sessionToken(userAgent: string | undefined): Promise<string>
  /** Keeps a living face under a reference that has none. @throws FaceServiceUnavailable: the face may be kept then, too. */
  enrol(ref: string, scan: FaceScan): Promise<FaceOutcome>
  /** Compares a living face with the one that is kept. @throws FaceServiceUnavailable */
  match(ref: string, scan: FaceScan): Promise<FaceOutcome>
  /** @throws FaceServiceUnavailable where the service does not run, or is not the kind that may be used here. */
  check(): Promise<void>
}

export interface FaceFailure {
  readonly reason: 'timeout' | 'unavailable'
  /** For the log, of our words alone: `http-500`, `ETIMEDOUT`, `answer-shape`. */
  readonly code: string
  /** Seconds; 30 where none are given. */
  readonly retryAfterSeconds?: number
}

const LONGEST_WAIT = 3600

/** An outage: nobody said that the face is the right one, so it is not. Neither a word nor a byte of the service is kept. */
export class FaceServiceUnavailable extends Error {
  override readonly name = 'FaceServiceUnavailable'
  readonly reason: 'timeout' | 'unavailable'
  readonly code: string
  readonly retryAfterSeconds: number

  constructor({ reason, code, retryAfterSeconds = 30 }: FaceFailure) {
    super(`the face service ${reason === 'timeout' ? 'did not answer in time' : 'is unavailable'} (${code})`)
    this.reason = reason
    this.code = code
    this.retryAfterSeconds = Math.min(Math.max(1, retryAfterSeconds), LONGEST_WAIT)
  }
}
