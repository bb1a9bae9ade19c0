import type { CodePolicy } from '@strongroom/codes'
import type { Budget } from '@strongroom/guesses'
import type { LockPolicy } from '@strongroom/time-locks'

const HOUR = 3600
const DAY = 24 * HOUR

/** How often, how long, how many: an app may set other numbers. */
export interface Policies {
  readonly pins: Budget
  readonly codes: CodePolicy
  readonly resets: LockPolicy
}

export const usualPolicies: Policies = {
  pins: { kind: 'pin', guesses: 10, window: 7 * DAY, growth: 'doubling' },
  codes: {
    kind: 'user-code',
    lifetime: HOUR,
    tries: 5,
    live: 3,
    sends: [
      { most: 5, window: HOUR },
      { most: 20, window: DAY },
    ],
    budget: { kind: 'user-code', guesses: 30, window: 7 * DAY, growth: 'steady' },
  },
  resets: { kind: 'pin-reset', delay: 30 * DAY, window: 30 * DAY, contest: 30 * DAY },
}
