import type { CodePolicy } from '@strongroom/codes'
import type { LockPolicy } from '@strongroom/time-locks'

const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** How often, how long, how many: an app may set other numbers. Times are seconds. */
export interface Policies {
  /** Shares that are served beside the current one. */
  readonly history: number
  readonly rotationsPerDay: number
  /** Other changes of a record, each of which its owner is told of. */
  readonly changesPerDay: number
  /** Recovery methods of one record. */
  readonly methods: number
  /** Recovery shares that are read by contact alone. */
  readonly lookUpsPerDay: number
  readonly deletionsPerDay: number
  /** Records that leave a contact for another one. */
  readonly movesPerDay: number
  /** How long what was replaced or removed can be brought back. */
  readonly hold: number
  readonly startOver: LockPolicy
  readonly recoveryEmailCodes: CodePolicy
  readonly loginCodes: CodePolicy
  readonly backupsPerDay: { readonly account: number; readonly recipient: number; readonly inAll: number }
  readonly codeMailsPerDay: { readonly recipient: number; readonly inAll: number }
  /** Seconds that a challenge lives. */
  readonly challenges: { readonly lifetime: number }
}

const codes = (kind: string, lifetime: number): CodePolicy => ({
  kind,
  lifetime,
  tries: 5,
  live: 6,
  sends: [
    { most: 6, window: 5 * MINUTE },
    { most: 20, window: DAY },
  ],
  budget: { kind, guesses: 30, window: 7 * DAY, growth: 'steady' },
})

export const usualPolicies: Policies = {
  history: 5,
  rotationsPerDay: 20,
  changesPerDay: 60,
  methods: 20,
  lookUpsPerDay: 10,
  deletionsPerDay: 5,
  movesPerDay: 5,
  hold: 7 * DAY,
  startOver: { kind: 'share-start-over', delay: 7 * DAY, window: 30 * DAY, contest: 0 },
  recoveryEmailCodes: codes('recovery-email-code', 15 * MINUTE),
  loginCodes: codes('login-code', 5 * MINUTE),
  backupsPerDay: { account: 5, recipient: 3, inAll: 50_000 },
  codeMailsPerDay: { recipient: 20, inAll: 50_000 },
  challenges: { lifetime: 10 * MINUTE },
}
