import type { Budget } from '@strongroom/guesses'

const MINUTE = 60
const DAY = 86_400

/** How often, how long, how many: an app may set other numbers. Times are seconds. */
export interface Policies {
  readonly challengeLifetime: number
  readonly devices: number
  readonly faces: Budget
  /** How long a scan that was shown is remembered. */
  readonly scansKept: number
  /** Whether a first face is enrolled by a device, where the user has one. */
  readonly faceEnrolment: 'by-device' | 'by-token'
  /** Whether a backup demands that a face is registered. */
  readonly backups: 'with-face' | 'by-token'
  /** How long the version before the current one is kept. */
  readonly versionsKept: number
  /** From the approval of a key generation to the id of its key. */
  readonly keygenLifetime: number
  readonly eventsTo: 'webhook' | 'nobody'
}

export const usualPolicies: Policies = {
  challengeLifetime: 5 * MINUTE,
  devices: 10,
  faces: { kind: 'face', guesses: 5, window: 15 * MINUTE, growth: 'steady' },
  scansKept: 90 * DAY,
  faceEnrolment: 'by-device',
  backups: 'by-token',
  versionsKept: 30 * DAY,
  keygenLifetime: 10 * MINUTE,
  eventsTo: 'nobody',
}
