import type { Head } from '../head.ts'

/**
 * - `changed`: the entry, its place or its link is not what was linked
 * - `removed`: an entry that was linked is gone
 * - `inserted`: an entry that the linking never saw, or one dated long before a sweep that did not see it
 * - `relinked`: a good head disagrees with the chain: entries were rewritten and linked anew
 * - `rolled-back`: the sink holds a head beyond the chain's end: its tail was cut off, or an older database restored
 * - `head-forged`: a head that none of the public keys signed for this deployment and app
 * - `head-missing`: a head is in the sink and not in the database, or was long not sent out
 * - `unlinked-too-long`, `unsigned-too-long`: linking or signing has stopped for these entries
 */
export type Fault =
  | 'changed'
  | 'removed'
  | 'inserted'
  | 'relinked'
  | 'rolled-back'
  | 'head-forged'
  | 'head-missing'
  | 'unlinked-too-long'
  | 'unsigned-too-long'

export interface FirstBad {
  readonly what: Fault
  /** In the chain, from 1: of the entry, or of the head. */
  readonly position?: number
  /** Where the first bad entry is only known to lie between two heads: the last position that it can have. */
  readonly upTo?: number
  readonly eventId?: string
}

export type Verdict =
  | {
      readonly ok: true
      /** How many are linked and good. */
      readonly entries: number
      /** The sink's last: what this verdict rests on. */
      readonly lastHead: Head | undefined
    }
  | { readonly ok: false; readonly firstBad: FirstBad }
