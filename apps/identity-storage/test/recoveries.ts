import type { OperationBody } from '@strongroom/identity'
import { expect } from 'vitest'
import { type Answered, told, type World } from './client.ts'
import { newRecovery, recovering } from './changes.ts'
import { answering, demandIn, mailedCode } from './demands.ts'
import { newOwner, newWallet, type Owner } from './owners.ts'
import { envelopeOf, signerOfKey, submitting } from './transactions.ts'

/** Begins a recovery with the code that the mailbox was sent; `codes` is how many of them it has by then. */
export async function recover(world: World, lost: Owner, codes = 1): Promise<{ found: Owner; answer: Answered }> {
  const found = newRecovery(lost)
  const asked = recovering(found)
  const demand = demandIn(await world.ask(asked), 'email')
  expect(told(await world.ask(answering(demand, await mailedCode(world, lost.email, codes))))).toEqual([204, ''])
  return { found: { ...found, accountId: lost.accountId }, answer: await world.ask(asked) }
}

/** A wallet whose password is lost, and the one that was recovered in its place. */
export async function recovered(world: World): Promise<{ lost: Owner; found: Owner }> {
  const lost = await newWallet(world, newOwner())
  const { found, answer } = await recover(world, lost)
  expect([answer.status, answer.text]).toEqual([200, expect.any(String)])
  return { lost, found }
}

/** The owner's papers: asks that these keys sign from now on. */
export async function requestSigners(
  world: World,
  { accountId, signer }: Owner,
  keys: readonly string[],
): Promise<Answered> {
  const asked: OperationBody = {
    type: 'create-kyc-recovery-request',
    requestId: 0n,
    account: accountId,
    signers: keys.map((key, identity) => ({ ...signerOfKey(key), identity })),
    creatorDetails: '{"blob_id":"papers"}',
    allTasks: undefined,
  }
  return world.ask(
    submitting(await envelopeOf(world.ask, { source: accountId, operations: [asked], signers: [signer] })),
  )
}

interface Requests {
  readonly data: readonly {
    readonly id: string
    readonly attributes: { readonly hash: string; readonly state: string }
  }[]
}

export const requestsOf = async (world: World, account: string): Promise<Requests['data']> => {
  const path = `/v3/kyc_recovery_requests?filter[requestor]=${account}`
  return ((await world.ask({ path, by: world.admin })).body as Requests).data
}

/** What an administrator says of the newest request of an account. */
export async function review(
  world: World,
  account: string,
  { action, by = world.admin }: { action: 'approve' | 'reject' | 'permanent-reject'; by?: World['admin'] },
): Promise<Answered> {
  const [request] = await requestsOf(world, account)
  const reviewing: OperationBody = {
    type: 'review-request',
    requestId: BigInt(request?.id ?? 0),
    requestHash: request?.attributes.hash ?? '',
    action,
    reason: action === 'approve' ? '' : 'the papers are blurred',
    details: { tasksToAdd: 0, tasksToRemove: 0, externalDetails: '{}' },
  }
  return world.ask(
    submitting(await envelopeOf(world.ask, { source: by.keyId, operations: [reviewing], signers: [by] })),
  )
}
