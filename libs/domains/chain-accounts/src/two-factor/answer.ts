import { recordEvent } from '@strongroom/audit'
import { implement, Refusal, reply } from '@strongroom/http'
import { enqueue } from '@strongroom/jobs'
import { type Bucket, takeOf } from '../accounts/caller.ts'
import { chainOf } from '../accounts/chain-of.ts'
import { type KeyRow, stampKey } from '../accounts/key-row.ts'
import { activateKey, findKeyById } from '../accounts/keys-store.ts'
import { setKeyAside } from '../accounts/set-key-aside.ts'
import { type AccountRow, findAccount } from '../accounts/store.ts'
import { forbidden, invalidRequest, notFound, twoFactorPending } from '../refusals.ts'
import type { Caller } from '../tokens/account-token.ts'
import { endFamiliesOf } from '../tokens/store.ts'
import type { TwoFactorDeps } from './begin.ts'
import { approveTwoFactor, denyTwoFactor } from './contract.ts'
import { mayAnswer } from './destination.ts'
import { approvalRefused } from './events.ts'
import { pushRequest } from './jobs.ts'
import { overAs, readAsked } from './request.ts'
import { isSignerOf, standingOn } from './standing.ts'
import { tellOfRequest } from './tell.ts'
import { approveRequest, denyRequest, findRequest, type RequestRow } from './store.ts'

type AnswerDeps = Omit<TwoFactorDeps, 'requestTokens' | 'logins'>

interface Answering {
  readonly account: AccountRow
  readonly row: RequestRow
  readonly source: KeyRow
  readonly by: KeyRow
}

/** A request of the caller's own account, and the caller's key, which is another one than that which asks. */
async function readAnswering(deps: AnswerDeps, caller: Caller, { id, bucket }: { id: string; bucket: Bucket }) {
  const { database, hsm } = deps
  const limited = await takeOf(deps.requests, caller, bucket)
  if (limited) return limited
  const row = await findRequest(database, { id, accountId: caller.accountId })
  const account = await findAccount(database.reading, caller.accountId)
  if (!row || !account) return notFound()
  const asked = await readAsked(deps, account, row)
  if (!asked) return notFound()
  const { source } = asked
  const by = await findKeyById(database.reading, caller.keyId)
  if (!by || by.id === source.id || !(await mayAnswer(hsm, account, by))) return forbidden()
  const answering: Answering = { account, row, source, by }
  return answering
}

export const approve = implement<AnswerDeps>()(approveTwoFactor, async ({ proof, params, body }, deps) => {
  const { database, hsm } = deps
  const answering = await readAnswering(deps, proof, { id: params.id, bucket: 'usual' })
  if (answering instanceof Refusal) return answering
  const { account, row, source, by } = answering
  const txId = body.txId.toLowerCase()
  // Said once more: the first answer may have been lost.
  if (row.state === 'approved' && row.txId === txId) return reply(204, undefined)
  if (row.state !== 'pending') return overAs(row.state)
  const seen = await lookOnChain(deps, answering, txId)
  if (seen === 'waits') return twoFactorPending()
  if (seen === 'no') {
    await recordEvent(database, approvalRefused, { subject: account.id, detail: { request: row.id, by: by.id } })
    return invalidRequest()
  }
  const stamp = await stampKey(hsm, account, { ...source, state: 'active' })
  const told = { requestId: row.id, accountId: account.id, asker: source.id }
  const done = await database.transaction(async (tx) => {
    if (!(await approveRequest(tx, { id: row.id, by: by.id, txId }))) return invalidRequest()
    // A sweep may have seen it on the chain a moment ago.
    const counts =
      (await activateKey(tx, { id: source.id, stamp })) || (await findKeyById(tx, source.id))?.state === 'active'
    if (!counts) return invalidRequest()
    await tellOfRequest(tx, told)
    return undefined
  })
  return done ?? reply(204, undefined)
})

/** Whether that transaction succeeded and the key counts now: what a caller says of a chain is no proof. */
async function lookOnChain(
  deps: AnswerDeps,
  { account, row, source }: Answering,
  txId: string,
): Promise<'yes' | 'waits' | 'no'> {
  const chain = chainOf(deps, row.chainName)
  const standing = chain instanceof Refusal ? chain : await standingOn(deps, account, chain)
  if (chain instanceof Refusal || standing instanceof Refusal || source.state === 'revoked') return 'no'
  const outcome = await chain.outcomeOf(txId)
  if (outcome === 'pending') return 'waits'
  return outcome === 'succeeded' && (await isSignerOf(standing, source, deps.policies)) ? 'yes' : 'no'
}

export const deny = implement<AnswerDeps>()(denyTwoFactor, async ({ proof, params }, deps) => {
  const answering = await readAnswering(deps, proof, { id: params.id, bucket: 'stop' })
  if (answering instanceof Refusal) return answering
  const { account, row, source, by } = answering
  if (row.state === 'denied') return reply(204, undefined)
  if (row.state === 'expired') return overAs(row.state) as Refusal<'two-factor-expired'>
  if (row.state !== 'pending') return invalidRequest()
  const told = { requestId: row.id, accountId: account.id }
  const stamp = await stampKey(deps.hsm, account, { ...source, state: 'pending' })
  const done = await deps.database.transaction(async (tx) => {
    if (!(await denyRequest(tx, { id: row.id, by: by.id }))) return invalidRequest()
    await enqueue(tx, pushRequest, { ...told, keyId: source.id })
    // The chain has it already, by another device's word: it weighs there, and opens nothing here.
    if (await setKeyAside(tx, { id: source.id, stamp })) {
      await endFamiliesOf(tx, source.id)
      await tellOfRequest(tx, told)
    }
    return undefined
  })
  return done ?? reply(204, undefined)
})
