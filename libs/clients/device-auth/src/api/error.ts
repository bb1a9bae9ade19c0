/** The codes of `DuoError` that a wallet acts on, of those that the API has. */
export const duoCodes = {
  userNotRegistered: 100201,
  noBackup: 100301,
  deviceOfAnotherUser: 100401,
  challengeUsed: 100502,
  challengeExpired: 100503,
  faceNotRegistered: 100701,
  faceVerificationRequired: 100702,
  faceAlreadyRegistered: 100703,
  faceNotLive: 100704,
  faceReplayed: 100705,
  faceDiffers: 100706,
  tooManyFaces: 100707,
} as const

/** What the server refused, or that it could not be asked. The message is the server's own; it never holds what was sent. */
export class DuoError extends Error {
  /** HTTP status; 0 when no answer came, or none that could be read. */
  readonly status: number
  /** The API's number, `duoCodes`; none where something else than the API answered. */
  readonly code: number | undefined
  /** Seconds, where the server said when to come back. */
  readonly retryAfter: number | undefined

  constructor(
    message: string,
    { status, code, retryAfter }: { status: number; code?: number | undefined; retryAfter?: number | undefined },
  ) {
    super(message)
    this.name = 'DuoError'
    this.status = status
    this.code = code
    this.retryAfter = retryAfter
  }

  /** The same call may go well later. A write may have been carried out all the same. */
  get isOutage(): boolean {
    return this.status === 0 || this.status >= 500
  }
}
