import type { FlowRequest } from '@strongroom/chains'
import { equalBytes } from '@strongroom/crypto'
import { implement, Refusal, reply } from '@strongroom/http'
import type { Statements } from '@strongroom/storage'
import { endLock } from '@strongroom/time-locks'
import { chainOf } from '../accounts/chain-of.ts'
import type { KeyRow } from '../accounts/key-row.ts'
import { stampOf } from '../accounts/names.ts'
import { renewKey } from '../accounts/renew-keys.ts'
import { forbidden, invalidRequest, invalidSignature } from '../refusals.ts'
import { isOfFlow } from '../sign/sign-cadence.ts'
import { readOwnRequest, refuse } from '../sign/cosign.ts'
import { holdPolicy } from '../sign/holds.ts'
import { signAsServer } from '../sign/server-signature.ts'
import { isDeadlineOf, readSignatures, relayedView } from '../sign/sign-evm.ts'
import type { SignDeps } from '../sign/signer.ts'
import { insertRelayed } from '../sign/relayed-store.ts'
import { sendRecovery } from './contract.ts'
import { signedFacts } from './digest.ts'
import { judgeRecovery } from './judge.ts'
import { type Ready, readReady } from './ready.ts'
import { drawAnewEnd, endRecovery, signAgain } from './signed-store.ts'
import { recoveryView } from './view.ts'

/** The login, by its token; the recovery key, by its signature; and the hold, by the token’s word for it. */
export const send = implement<SignDeps>()(sendRecovery, async ({ proof, body }, deps) => {
  const { database, hsm } = deps
  const named = chainOf(deps, body.chainName)
  if (named instanceof Refusal) return named
  const request =
    'call' in body ? { form: 'evm', wish: body.call } : { form: 'cadence', wish: body.message.toLowerCase() }
  if (request.form !== named.type) return invalidRequest()
  const ready = await readReady(deps, proof, named.name)
  if (ready instanceof Refusal) return ready
  if (ready.state === 'waits') return reply(202, { recovery: recoveryView(ready.row) })
  if (ready.state === 'sent')
    return reply(200, { transaction: await relayedView(database, ready.chain, ready.transactionId) })
  const { account, keys, parties, row, standing } = ready
  const { chain } = standing
  const signer = { account, keys, by: parties.recoveryKey }
  const decoded = await readOwnRequest(deps, { signer, standing, request: request.wish })
  if (decoded instanceof Refusal) return decoded
  if (isOfFlow(decoded) && !isProposedBy(decoded, parties.recoveryKey)) return invalidRequest()
  if ('call' in body && !isDeadlineOf(decoded, body.deadline)) return invalidRequest()
  const said = { signer, chain: chain.name }
  if (!(await judgeRecovery(deps, { chainName: chain.name, decoded, keys, parties })))
    return refuse(deps, { ...said, why: 'forbidden' }, forbidden())
  const signing = { message: decoded.message, keys: [parties.recoveryKey], passkeys: undefined }
  const signatures = await readSignatures(body.signatures, signing)
  if (!signatures) return refuse(deps, { ...said, why: 'unsigned' }, invalidSignature())
  const ours = await signAsServer(hsm, account, { keys, message: decoded.message })
  const settle = await drawSettling(deps, ready)
  return database.transaction(async (tx) => {
    const all = [...signatures.map(({ signature }) => signature), ours]
    const id = await chain.queueRequest(tx, request.wish, { signatures: all, charge: { appId: account.appId } })
    // Whoever cancelled a moment ago came first; so did whoever sent it a moment ago.
    if (!(await settle(tx, id))) return invalidRequest()
    // And whoever had it forgotten: it would weigh there, and be nobody's here.
    if (!(await renewKey(tx, parties.newKey.id))) return invalidRequest()
    await insertRelayed(tx, { id, accountId: row.accountId, chainName: chain.name, message: decoded.message })
    return reply(200, { transaction: await relayedView(tx, chain, id) })
  })
})

/** An envelope is the payer’s to sign; and what a key proposes that does not sign never runs. */
const isProposedBy = ({ form, proposedBy }: FlowRequest, { publicKey }: KeyRow): boolean =>
  form === 'payload' && equalBytes(proposedBy, publicKey)

/** How it is written down that it was signed: the first time the hold ends with it. */
async function drawSettling({ database, hsm, policies }: SignDeps, { account, row, parties }: Ready) {
  const { id, times } = row
  if (row.state !== 'held')
    return (tx: Statements, transactionId: string) => signAgain(tx, { id, times, transactionId })
  const anewUntil = await drawAnewEnd(database)
  const signed = await stampOf(hsm, account, signedFacts(row, parties, anewUntil))
  return async (tx: Statements, transactionId: string) =>
    (await endLock(tx, holdPolicy(policies), { lockId: parties.lockId, as: 'done' })) &&
    (await endRecovery(tx, { id, transactionId, signed, anewUntil }))
}
