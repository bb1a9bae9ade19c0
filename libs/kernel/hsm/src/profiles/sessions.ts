import type { VendorProfile } from './vendor-profile.ts'

/** Of sessions for work: nothing on the token is changed in them. */
export const workingKind = ({ sessions }: VendorProfile): 'read-only' | 'read-write' => sessions?.kind ?? 'read-only'

/** How many sessions may work at once, of so many that were wished: one more holds the login, and one is for proofs. */
export const workingSessions = ({ sessions }: VendorProfile, wished: number): number =>
  sessions?.most === undefined ? wished : Math.max(1, Math.min(wished, sessions.most - 2))
