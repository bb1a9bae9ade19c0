import { implement, jsonApi, reply } from '@strongroom/http'
import { isAdmin, standingOf } from './authority.ts'
import { listRecoveryRequests, requestsNotAllowed } from './contract.ts'
import { parsed } from './get-signers.ts'
import type { LocalLedger } from './local-ledger.ts'
import { KYC_RECOVERY_REQUEST } from './operations.ts'
import type { ListedRequest } from './recovery-list.ts'

export const recoveryRequests = implement<{ ledger: LocalLedger }>()(
  listRecoveryRequests,
  async ({ query, proof }, { ledger }) => {
    const account = query['filter[requestor]']
    const { keyId: key } = proof
    const standing = account === undefined ? undefined : await standingOf(ledger, { account, key })
    if (!standing && !(await isAdmin(ledger, key))) return requestsNotAllowed()
    // Whoever reads the owner's mail comes so far: what others asked for before, and which papers it names, is not theirs.
    const signer = standing === 'recovering' ? key : undefined
    const page = { number: query['page[number]'], limit: query['page[limit]'] }
    const order = query['page[order]']
    const skip = (page.number - 1) * page.limit
    const found = await ledger.recoveryRequests({ account, signer, skip, most: page.limit + 1, order })
    const shown = found.slice(0, page.limit)
    const { masterAccountId } = await ledger.info()
    return reply(200, {
      data: shown.map((one) => requestOf(one, masterAccountId)),
      included: shown.map(detailsOf),
      links: jsonApi.pageLinks({
        path: '/v3/kyc_recovery_requests',
        query: { 'filter[requestor]': account, 'page[order]': order },
        page,
        more: found.length > page.limit,
      }),
    })
  },
)

/** Horizon's names and numbers. What has begun and asks for nothing is not listed. */
const states = {
  begun: ['pending', 1],
  requested: ['pending', 1],
  cancelled: ['canceled', 2],
  approved: ['approved', 3],
  rejected: ['rejected', 4],
  refused: ['permanently_rejected', 5],
} as const

function requestOf(listed: ListedRequest, reviewer: string) {
  const { id, account, hash, state, rejectReason = '', createdAt, updatedAt } = listed
  const [name, number] = states[state]
  return {
    id: String(id),
    type: 'requests' as const,
    attributes: {
      hash,
      state: name,
      state_i: number,
      reject_reason: rejectReason,
      all_tasks: 0 as const,
      pending_tasks: 0 as const,
      xdr_type: { name: 'kyc_recovery' as const, value: KYC_RECOVERY_REQUEST as 18 },
      created_at: createdAt.toISOString(),
      updated_at: updatedAt.toISOString(),
    },
    relationships: {
      requestor: { data: { id: account, type: 'accounts' as const } },
      reviewer: { data: { id: reviewer, type: 'accounts' as const } },
      request_details: { data: { id: String(id), type: 'request-details-kyc-recovery' as const } },
    },
  }
}

const detailsOf = ({ id, account, request }: ListedRequest) => ({
  id: String(id),
  type: 'request-details-kyc-recovery' as const,
  attributes: {
    creator_details: parsed(request.creatorDetails),
    sequence_number: request.sequence,
    signers_data: request.signers.map(({ key, role, weight, identity, details }) => ({
      public_key: key,
      role_id: String(role),
      weight,
      identity,
      details: parsed(details),
    })),
  },
  relationships: { target_account: { data: { id: account, type: 'accounts' as const } } },
})
