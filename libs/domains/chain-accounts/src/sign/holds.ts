import type { LockPolicy } from '@strongroom/time-locks'
import { z } from 'zod'
import type { Policies } from '../policies.ts'

const DAY = 86_400
const WINDOW = 7 * DAY
const CONTEST = 30 * DAY

/** Of every change that waits, by whatever way it came: one kind, whose notices one sweep claims. */
export const holdPolicy = ({ changeHold }: Policies): LockPolicy => ({
  kind: 'account-change',
  delay: changeHold,
  window: WINDOW,
  contest: CONTEST,
})

/** What a hold is of. */
export interface HoldSubject {
  readonly of: 'change' | 'recovery'
  readonly accountId: string
  /** The row that waits. */
  readonly id: string
  /** What comes of it. */
  readonly digest: string
}

/** As the token vouches for it: nothing else can follow from the hold. */
export const subjectOf = ({ of, accountId, id, digest }: HoldSubject): string => [of, accountId, id, digest].join(':')

/** What a cancel of another key leaves behind: for a month no hold of this asker alone is enough. */
export const contestOf = ({ accountId, askedBy }: { readonly accountId: string; readonly askedBy: string }): string =>
  ['contest', accountId, askedBy].join(':')

const parts = z.tuple([z.enum(['change', 'recovery']), z.uuid(), z.uuid(), z.string()])

export function readSubject(subject: string): HoldSubject | undefined {
  const { data } = parts.safeParse(subject.split(':'))
  return data && { of: data[0], accountId: data[1], id: data[2], digest: data[3] }
}
