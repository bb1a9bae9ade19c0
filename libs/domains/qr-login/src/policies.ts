import type { Limit } from '@strongroom/http'

/** How often, how long, how many: an app may set other numbers. Times are seconds. */
export interface Policies {
  /** A session waits so long for its approval, */
  readonly pendingFor: number
  /** and its payload so long to be fetched. */
  readonly approvedFor: number
  /** Sessions that are alive at once. */
  readonly live: number
  /** Sessions that one address may create. */
  readonly creations: Limit
  /** Look-ups by short code, of one address, */
  readonly lookups: Limit
  /** and of all together: with many addresses, a stranger’s guesses stay few beside 100 million codes. */
  readonly allLookups: Limit
  /** Attempts to approve one session. */
  readonly approvals: Limit
  /** Pushes for one session. */
  readonly notices: Limit
  /** Devices of one account that are told. */
  readonly devices: number
}

/** Source: LearnCard's LCA API; the caps over all callers and the devices are ours. */
export const usualPolicies: Policies = {
  pendingFor: 120,
  approvedFor: 60,
  live: 5_000,
  creations: { points: 10, window: 600 },
  lookups: { points: 20, window: 60 },
  allLookups: { points: 1_500, window: 60 },
  approvals: { points: 5, window: 120 },
  notices: { points: 3, window: 300 },
  devices: 10,
}
