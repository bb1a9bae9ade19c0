/** How locks of one kind run. Times are seconds. */
export interface LockPolicy {
  readonly kind: string
  /** From arming to opening. */
  readonly delay: number
  /** From opening to lapsing; time during which the holder could not prove anything is added. */
  readonly window: number
  /** How long after the use of a cancel link every lock that is armed on the subject is contested. */
  readonly contest: number
}

export interface Lock {
  readonly id: string
  readonly subject: string
  readonly holder: string
  readonly opensAt: Date
  readonly lapsesAt: Date
  /** Whether it may be completed now. */
  readonly open: boolean
  /** Somebody used a cancel link on the subject before or while this lock waited: its holder alone may not complete it. */
  readonly contested: boolean
  /** The token's word for the lock as it was armed; `isGenuine` judges it. */
  readonly stamp: Uint8Array | null
}

/** What its owner is told of, in this order. */
export type LockEvent = 'armed' | 'half-time' | 'open' | 'done' | 'cancelled' | 'lapsed'

export interface DueNotice {
  readonly lockId: string
  readonly subject: string
  readonly holder: string
  readonly event: LockEvent
  readonly opensAt: Date
  /** Whether a cancel link would still serve. */
  readonly active: boolean
}
