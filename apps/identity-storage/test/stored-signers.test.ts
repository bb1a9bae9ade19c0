import { newSeed, signerOf } from '@strongroom/identity-client'
import type { OperationBody } from '@strongroom/identity'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newUser } from './callers.ts'
import { refused, startIdentityStorage, told, type World } from './client.ts'
import { answering, demandIn, enableTotp, passing, passwordProof, totpCode } from './demands.ts'
import type { Owner } from './owners.ts'
import { partnerOf } from './partners.ts'
import { asking, resourceIn } from './resources.ts'
import { adding, badAuth, envelopeOf, removing, signersOf, submitting } from './transactions.ts'

let world: World
let ann: Owner
beforeAll(async () => {
  world = await startIdentityStorage()
  ann = await newUser(world)
  await partnerOf(world, ann, 'halves')
})
afterAll(() => world[Symbol.asyncDispose]())

const PATH = '/integrations/multisig/transactions'
const newKey = () => signerOf(newSeed()).keyId
const signed = (operations: readonly OperationBody[], by = ann.signer, source = ann.accountId) =>
  envelopeOf(world.ask, { source, operations, signers: [by] })
const submit = (tx: string, path = PATH) => asking(['POST', path], { tx })

test('POST …/signers makes a key of its own each time, with an identity that no other signer has', async () => {
  const bob = await newUser(world)
  const path = `/integrations/multisig/accounts/${bob.accountId}/signers`
  const asked = asking(
    ['POST', path],
    { data: { type: 'signer', attributes: { role_id: 2, weight: 500 } } },
    bob.signer,
  )
  const made = [await world.ask(asked), await world.ask(asked)].map(resourceIn)
  expect(made.map(({ type, attributes }) => [type, attributes['role_id'], attributes['weight']])).toEqual([
    ['signer', 2, 500],
    ['signer', 2, 500],
  ])
  expect(new Set([bob.signer.keyId, ...made.map(({ id }) => id)]).size).toBe(3)
  expect(new Set([1, ...made.map(({ attributes }) => attributes['identity'])]).size).toBe(3)
  // It is the owner who lets it sign.
  expect(await signersOf(world.ask, bob.accountId)).toEqual([bob.signer.keyId])
})

describe('POST …/multisig/transactions', () => {
  test.each([PATH, '/transactions'])('signs what its owner signed, once the factor was verified: %s', async (path) => {
    const key = newKey()
    const tx = await signed([adding(key)])
    expect(told(await world.ask(submitting(tx)))).toEqual(refused(400, badAuth))
    const demand = demandIn(await world.ask(submit(tx, path)), 'password')
    expect(demand).toMatchObject({ purpose: expect.stringContaining(key) as unknown })
    expect(demand.wallet_id).not.toBe(ann.walletId)
    expect(await signersOf(world.ask, ann.accountId)).not.toContain(key)
    expect(told(await world.ask(answering(demand, await passwordProof(demand, ann.factor))))).toEqual([204, ''])
    const done = await world.ask(submit(tx, path))
    expect([done.status, resourceIn(done).type]).toEqual([200, 'transactions'])
    expect(await signersOf(world.ask, ann.accountId)).toContain(key)
  })

  test('takes it in a document as well', async () => {
    const tx = await signed([adding(newKey())])
    const body = { data: { attributes: { tx, wait_for_ingest: true } } }
    const done = await passing(world, asking(['POST', PATH], body), { password: ann.factor })
    expect(done.status).toBe(200)
  })

  test('asks for the factor of the highest priority, for this transaction and no other', async () => {
    const bob = await newUser(world)
    await partnerOf(world, bob, 'halves')
    const totp = await enableTotp(world, bob)
    const [tx, other] = [
      await signed([adding(newKey())], bob.signer, bob.accountId),
      await signed([adding(newKey())], bob.signer, bob.accountId),
    ]
    const demand = demandIn(await world.ask(submit(tx)), 'totp')
    expect(told(await world.ask(answering(demand, await totpCode(totp.secret))))).toEqual([204, ''])
    demandIn(await world.ask(submit(other)), 'totp')
    expect((await world.ask(submit(tx))).status).toBe(200)
  })

  test('refuses what a stranger signed, what nobody signed, and what is of another account', async () => {
    const bob = await newUser(world)
    for (const tx of [
      await signed([adding(newKey())], bob.signer),
      await envelopeOf(world.ask, { source: ann.accountId, operations: [adding(newKey())], signers: [] }),
      // Bob keeps no key here.
      await signed([adding(newKey())], bob.signer, bob.accountId),
      await signed([adding(newKey())], world.admin, world.admin.keyId),
    ])
      expect(told(await world.ask(submit(tx)))).toEqual(refused(401))
    const operations = [adding(newKey())]
    const foreign = { source: ann.accountId, operations, signers: [ann.signer], operationSource: bob.accountId }
    const answer = await world.ask(submit(await envelopeOf(world.ask, foreign)))
    expect([answer.status, answer.text]).toEqual([400, expect.stringContaining('account-of-another')])
  })

  test('refuses what is not on the list of its purposes, before any factor is asked for', async () => {
    const reviewing: OperationBody = {
      type: 'review-request',
      requestId: 1n,
      requestHash: 'ab'.repeat(32),
      action: 'approve',
      reason: '',
      details: { tasksToAdd: 0, tasksToRemove: 0, externalDetails: '{}' },
    }
    for (const operations of [[reviewing], [adding(newKey()), reviewing]]) {
      const answer = await world.ask(submit(await signed(operations)))
      expect([answer.status, answer.text]).toEqual([400, expect.stringContaining('operation-not-allowed')])
    }
  })

  test('is of this network, and of now', async () => {
    const wish = { source: ann.accountId, operations: [adding(newKey())], signers: [ann.signer] }
    const elsewhere = await envelopeOf(world.ask, { ...wish, network: 'another network' })
    expect(told(await world.ask(submit(elsewhere)))).toEqual(refused(401))
    const late = await world.ask(submit(await envelopeOf(world.ask, { ...wish, validity: -60 })))
    expect([late.status, late.text]).toEqual([400, expect.stringContaining('tx_too_late')])
  })

  test('a key that its owner removes signs no more', async () => {
    const bob = await newUser(world)
    const { keyId } = await partnerOf(world, bob)
    expect(told(await world.ask(submitting(await signed([removing(keyId)], bob.signer, bob.accountId))))[0]).toBe(200)
    expect(told(await world.ask(submit(await signed([adding(newKey())], bob.signer, bob.accountId))))).toEqual(
      refused(401),
    )
  })
})
