const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** How often, how long, how many: an app may set other numbers. Times are seconds. */
export interface Policies {
  readonly challengeLifetime: number
  /** Of one key at a time; the oldest makes room. */
  readonly liveChallenges: number
  /** In which a sign-up is answered again to the same key, since the first answer may have been lost. */
  readonly signUpAgain: number
  /** Keys of one account that are not revoked. */
  readonly keys: number
  readonly twoFactorLifetime: number
  /** In which a recovery key is believed after its owner asked. */
  readonly recoveryWindow: number
  readonly recoveriesPerDay: number
  /** Before a change of signers that no other key approved is signed by us as well. */
  readonly changeHold: number
  readonly accessLifetime: number
  readonly refreshLifetime: number
  readonly ephemeralLifetime: number
  /** In which a refresh token that was used answers the same successor again: its first answer may have been lost. */
  readonly reuseGrace: number
  /** What is kept of transactions that came to their end. */
  readonly transactionsKept: number
  /** Of one signer, and what all that sign together must weigh. */
  readonly weight: number
  readonly threshold: number
}

export const usualPolicies: Policies = {
  challengeLifetime: 5 * MINUTE,
  liveChallenges: 5,
  signUpAgain: 5 * MINUTE,
  keys: 20,
  twoFactorLifetime: 3 * MINUTE,
  recoveryWindow: 15 * MINUTE,
  recoveriesPerDay: 3,
  changeHold: 3 * DAY,
  accessLifetime: HOUR,
  refreshLifetime: 30 * DAY,
  ephemeralLifetime: 10 * MINUTE,
  reuseGrace: 30,
  transactionsKept: 90 * DAY,
  weight: 500,
  threshold: 1000,
}
