import { believeRecovery, type Reading } from './read-accounts.ts'
import type { EndedRecovery, Recovery } from './recoveries.ts'
import { type RecoveryRequest, requestHash } from './recovery-request.ts'
import { findRequests, type RequestsWanted } from './store.ts'

/** What an administrator sees of a KYC recovery before approving it. */
export interface ListedRequest {
  readonly id: number
  readonly account: string
  readonly state: (Recovery | EndedRecovery)['state']
  readonly request: RecoveryRequest
  /** Hex: a review of another hash is refused. */
  readonly hash: string
  readonly rejectReason: string | undefined
  readonly createdAt: Date
  readonly updatedAt: Date
}

/** Rows without their stamp are left out: nobody reviews what was put into the table past us. */
export async function listRequests(deps: Reading, wanted: RequestsWanted): Promise<readonly ListedRequest[]> {
  const rows = await findRequests(deps.database.reading, wanted)
  const listed = await Promise.all(
    rows.map(async ({ version, ...row }): Promise<readonly ListedRequest[]> => {
      const { account, createdAt, updatedAt } = row
      const isOpen = ['begun', 'requested', 'rejected'].includes(row.state)
      const recovery = await believeRecovery(deps, { account, version: isOpen ? version : undefined }, row)
      if (!recovery?.request) return []
      const { id, state, request, rejectReason } = recovery
      return [{ id, account, state, request, hash: requestHash(request), rejectReason, createdAt, updatedAt }]
    }),
  )
  return listed.flat()
}
