import { recordEvent } from '@strongroom/audit'
import { type AnswerOf, implement, Refusal, reply } from '@strongroom/http'
import type { Login } from '@strongroom/proofs/contract'
import type { Database } from '@strongroom/storage'
import type { FindAccount } from '../account.ts'
import { accountMissing } from '../devices/contract.ts'
import {
  approveOpenSession,
  approverMismatch,
  approveSession,
  sessionApproved,
  sessionMissing,
  tooManyApprovals,
} from './contract.ts'
import type { RelayDeps } from './create-session.ts'
import { sessionWasApproved } from './events.ts'
import { readSessionId } from './rules.ts'

export interface ApprovalDeps extends RelayDeps {
  readonly database: Database
  readonly findAccount: FindAccount
}

interface Approver {
  readonly did: string
  /** None where the server is open and nobody logged in. */
  readonly accountId?: string
}

const done = reply(200, { success: true } as const)

export const approve = implement<ApprovalDeps>()(approveSession, async ({ params, proof: login, body }, deps) => {
  const approver = await findApprover(deps, login, body.approverDid)
  if (approver instanceof Refusal) return approver
  return handOver(deps, params.sessionId, { approver, encryptedPayload: body.encryptedPayload })
})

export const approveOpen = implement<ApprovalDeps>()(
  approveOpenSession,
  async ({ params, proof: login, body: { approverDid, encryptedPayload } }, deps) => {
    const approver = login ? await findApprover(deps, login, approverDid) : { did: approverDid ?? '' }
    if (approver instanceof Refusal) return approver
    return handOver(deps, params.sessionId, { approver, encryptedPayload })
  },
)

async function findApprover({ findAccount }: ApprovalDeps, login: Login, claimed: string | undefined) {
  const account = await findAccount(login)
  if (!account) return accountMissing()
  if (claimed !== undefined && claimed !== account.did) return approverMismatch()
  return { did: account.did, accountId: account.id } satisfies Approver
}

async function handOver(
  { sessions, policies, database }: ApprovalDeps,
  sessionId: string,
  { approver, encryptedPayload }: { approver: Approver; encryptedPayload: string },
): Promise<AnswerOf<typeof approveSession>> {
  const id = readSessionId(sessionId)
  if (!id || !(await sessions.find(id))) return sessionMissing()
  if (!(await sessions.hit(`approve/${id}`, policies.approvals))) return tooManyApprovals()
  const approval = { encryptedPayload, approverDid: approver.did }
  const outcome = await sessions.approve(id, approval, policies.approvedFor)
  if (outcome === 'missing') return sessionMissing()
  if (outcome === 'already-approved') return sessionApproved()
  const { accountId } = approver
  await recordEvent(database, sessionWasApproved, {
    subject: accountId ?? 'anonymous',
    detail: { session: id, proved: accountId === undefined ? 'nothing' : 'token' },
  })
  return done
}
