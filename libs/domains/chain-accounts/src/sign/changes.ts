import { implement, Refusal, reply } from '@strongroom/http'
import { contestSubject, endLock } from '@strongroom/time-locks'
import { equalBytes, sha256 } from '@strongroom/crypto'
import { findKeys } from '../accounts/keys-store.ts'
import { stampOf } from '../accounts/names.ts'
import { forbidden, invalidRequest, invalidSignature, notFound } from '../refusals.ts'
import { approvalText } from './approval-digest.ts'
import { changeView } from './change-view.ts'
import { readHold } from './change-hold.ts'
import { approvalFacts } from './consent.ts'
import { approveChange, cancelChange, listChanges, type SignatureBy } from './contract.ts'
import { contestOf, holdPolicy } from './holds.ts'
import { digestOf } from './rules.ts'
import { readSigner, type SignDeps, type Signer } from './signer.ts'
import { voidSigned } from './signed-store.ts'
import { type ChangeRow, findChange, findChanges, markApproved, markCancelled } from './store.ts'
import { readSignature } from './user-signature.ts'

export const list = implement<SignDeps>()(listChanges, async ({ proof }, deps) => {
  const signer = await readSigner(deps, proof)
  if (signer instanceof Refusal) return signer.kind === 'too-many-requests' ? signer : reply(200, { changes: [] })
  const [rows, keys] = await Promise.all([
    findChanges(deps.database.reading, signer.account.id),
    findKeys(deps.database.reading, signer.account.id, 'all'),
  ])
  return reply(200, { changes: rows.map((row) => changeView(row, keys)) })
})

/** Another key than the one that asked, and its signature: a token that was stolen approves nothing. */
export const approve = implement<SignDeps>()(approveChange, async ({ proof, params, body }, deps) => {
  const { database, hsm } = deps
  const signer = await readSigner(deps, proof)
  if (signer instanceof Refusal) return signer
  const { account, by, keys } = signer
  const row = await findChange(database.reading, { id: params.id, accountId: account.id })
  if (!row) return notFound()
  if (row.askedBy === by.id) return forbidden()
  if (row.state !== 'held') return invalidRequest()
  if (!(await readHold(deps, row))) return invalidRequest()
  // What the device was shown is what its digest says, and the hold is of that digest alone.
  const { accountId, chainName, changes } = row
  if (!equalBytes(digestOf({ accountId, chainName, changes }), row.digest))
    throw new Error('a change is not as we wrote it')
  if (!(await isApproved(deps, { signer, row, approval: body.approval }))) return invalidSignature()
  const approval = await stampOf(hsm, account, approvalFacts(row, by.id))
  if (!(await markApproved(database, { id: row.id, by: by.id, approval }))) return invalidRequest()
  return reply(200, { change: changeView({ ...row, state: 'approved' }, keys) })
})

/** A device signs the text, a passkey its SHA-256. */
async function isApproved(
  { passkeys }: SignDeps,
  { signer, row, approval }: { readonly signer: Signer; readonly row: ChangeRow; readonly approval: SignatureBy },
): Promise<boolean> {
  const text = approvalText(row)
  const message = 'passKey' in approval ? sha256(text) : text
  return (await readSignature(approval, { message, keys: [signer.by], passkeys })) !== undefined
}

/** From any device of the account: what waits does not happen, and what came to nothing is not signed anew. */
export const cancel = implement<SignDeps>()(cancelChange, async ({ proof, params }, deps) => {
  const { database, policies } = deps
  const signer = await readSigner(deps, proof, 'stop')
  if (signer instanceof Refusal) return signer
  const { account, by } = signer
  const row = await findChange(database.reading, { id: params.id, accountId: account.id })
  if (!row) return notFound()
  if (row.state === 'cancelled') return reply(204, undefined)
  const done = await database.transaction(async (tx) => {
    // The lock first, as those do who sign: of both, one comes first.
    await endLock(tx, holdPolicy(policies), { lockId: row.lockId, as: 'cancelled' })
    const said = { id: row.id, by: by.id }
    if (!(await markCancelled(tx, said)) && !(await voidSigned(tx, said))) return invalidRequest()
    // Else whoever asked would ask again until one message is overlooked.
    if (row.askedBy !== by.id) await contestSubject(tx, holdPolicy(policies), contestOf(row))
    return undefined
  })
  return done ?? reply(204, undefined)
})
