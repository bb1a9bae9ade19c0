import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AccountChange } from '../../src/chain.ts'
import { payloadMessage } from '../../src/flow/message.ts'
import {
  bare,
  bodyOf,
  cadenceOf,
  envelopeHex,
  type FlowWorld,
  flowWorld,
  payloadFor,
  payloadHex,
  planOf,
  type TestKey,
  testKey,
} from './flow-world.ts'

let world: FlowWorld
beforeAll(async () => {
  world = await flowWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

const charge = { appId: 'app' }

/** An account that stands, with a server key at 0 and a device at 1. */
async function account(...others: readonly TestKey[]) {
  const [server, device] = [testKey(), testKey()]
  const plan = planOf(randomUUID(), server, device, ...others)
  const id = await world.deploy(plan)
  await world.work()
  const address = await world.chain.deployedAddress(world.database, id)
  return { server, device, plan, id, address: address ?? '' }
}

/** Queues what these keys signed, and works it off. Answers what became of it. */
async function relayed(address: string, change: AccountChange, keys: readonly TestKey[]) {
  const script = cadenceOf(await world.chain.describeChange(address, change))
  const payload = await payloadFor(world, { account: bare(address), script })
  const request = await world.chain.decode(payloadHex(payload))
  const signatures = keys.map((key) => key.sign(request?.message ?? new Uint8Array()))
  const id = await world.database.transaction((tx) =>
    world.chain.queueRequest(tx, payloadHex(payload), { signatures, charge }),
  )
  await world.work()
  return { request, transaction: await world.chain.transaction(world.database, id) }
}

const add = (key: TestKey): AccountChange => ({ kind: 'add-signer', signer: key.signer() })
const remove = ({ publicKey }: TestKey): AccountChange => ({ kind: 'remove-signer', publicKey })
const signersOf = async (address: string) => (await world.chain.readAccount(address))?.signers

describe('an account on Flow', () => {
  test('has no address before it stands; then it has the one that the chain says, and its signers', async () => {
    const [server, device] = [testKey(), testKey()]
    const plan = planOf(randomUUID(), server, device)
    expect(world.chain.addressOf(plan)).toBeUndefined()
    const id = await world.deploy(plan)
    expect(await world.chain.transaction(world.database, id)).toEqual({ state: 'queued' })
    expect(await world.chain.deployedAddress(world.database, id)).toBeUndefined()
    await world.work()
    const address = await world.chain.deployedAddress(world.database, id)
    expect(address).toMatch(/^0x[0-9a-f]{16}$/)
    expect(await world.chain.readAccount(address ?? '')).toEqual({
      address,
      signers: plan.signers,
      threshold: 1000,
      isGenuine: true,
    })
    const transaction = await world.chain.transaction(world.database, id)
    const hash = transaction && 'hash' in transaction ? transaction.hash : ''
    expect(transaction).toEqual({ state: 'succeeded', hash: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown })
    expect(await world.chain.outcomeOf(hash)).toBe('succeeded')
    expect(await world.chain.outcomeOf(`0x${hash.toUpperCase()}`)).toBe('succeeded')
    expect(world.chain.referenceOf(hash)).toBe(`https://testnet.example.com/tx/${hash}`)
  })

  test('is deployed once, however often its plan is queued; other keys are another account', async () => {
    const { plan, id, address } = await account()
    expect(await world.deploy(plan)).toBe(id)
    await world.work()
    expect(await world.chain.deployedAddress(world.database, id)).toBe(address)
    expect(await world.deploy({ ...plan, signers: plan.signers.toReversed() })).not.toBe(id)
    await world.work()
  })

  test('takes a further key by user and server, and loses one by the further key and the server', async () => {
    const { server, device, address } = await account()
    const second = testKey()
    const added = await relayed(address, add(second), [device, server])
    expect(added.request).toMatchObject({ form: 'payload', address, changes: [add(second)] })
    expect(added.transaction).toMatchObject({ state: 'succeeded' })
    expect(await signersOf(address)).toEqual([server, device, second].map((key) => key.signer()))
    const removed = await relayed(address, remove(device), [second, server])
    expect(removed.request?.changes).toEqual([remove(device)])
    expect(removed.transaction).toMatchObject({ state: 'succeeded' })
    expect(await signersOf(address)).toEqual([server, second].map((key) => key.signer()))
    const late = await relayed(address, add(testKey()), [device, server])
    expect(late.transaction).toEqual({ state: 'refused', reason: 'rejected' })
  })

  test('is moved by no single signature, nor by one twice, nor by a stranger’s: nothing is sent', async () => {
    const { server, device, address } = await account()
    const before = world.stub.outcomes().length
    for (const keys of [[device], [server], [], [device, device], [device, testKey()]]) {
      const { transaction } = await relayed(address, add(testKey()), keys)
      expect(transaction).toEqual({ state: 'refused', reason: 'rejected' })
    }
    expect(world.stub.outcomes()).toHaveLength(before)
    expect(await signersOf(address)).toEqual([server, device].map((key) => key.signer()))
  })

  test('never has a key twice, even where two requests were signed before either ran', async () => {
    const { server, device, address } = await account()
    const twice = testKey()
    const script = cadenceOf(await world.chain.describeChange(address, add(twice)))
    const payload = await payloadFor(world, { account: bare(address), script })
    const after = { ...payload, proposer: { ...payload.proposer, sequenceNumber: payload.proposer.sequenceNumber + 1 } }
    const outcomes = []
    const signed = [payload, after].map((one) => ({
      request: payloadHex(one),
      signatures: [device, server].map((key) => key.sign(payloadMessage(one))),
    }))
    expect(await Promise.all(signed.map(({ request }) => world.chain.decode(request)))).not.toContain(undefined)
    for (const { request, signatures } of signed) {
      const id = await world.database.transaction((tx) => world.chain.queueRequest(tx, request, { signatures, charge }))
      await world.work()
      outcomes.push(await world.chain.transaction(world.database, id))
    }
    expect(outcomes).toMatchObject([{ state: 'succeeded' }, { state: 'failed' }])
    expect(world.stub.outcomes().at(-1)?.error).toContain('this key stands already')
    expect(await signersOf(address)).toHaveLength(3)
    expect(await world.chain.decode(payloadHex(after))).toBeUndefined()
  })

  test('is not taken for ours where a key counts twice or is of a kind that we do not know', async () => {
    const key = testKey()
    const double = world.stub.addAccount([key.signer(), key.signer()])
    expect(await world.chain.readAccount(double)).toMatchObject({ isGenuine: false })
    expect(await world.chain.readAccount(`0x${'0'.repeat(15)}1`)).toBeUndefined()
    expect(await world.chain.readAccount('nonsense')).toBeUndefined()
  })

  test('is nothing for a passkey, a key that is no point, a key twice, or another threshold', async () => {
    const [one, two] = [testKey(), testKey()]
    const plan = planOf(randomUUID(), one, two)
    const wrong = [
      { ...plan, threshold: 500 },
      planOf(randomUUID(), one, one),
      planOf(randomUUID()),
      { ...plan, signers: [{ ...one.signer(), scheme: 'webauthn' as const }] },
      { ...plan, signers: [{ ...one.signer(), publicKey: new Uint8Array(64) }] },
      { ...plan, signers: [one.signer(0)] },
    ]
    for (const each of wrong) await expect(world.deploy(each)).rejects.toThrow(TypeError)
    await expect(world.chain.describeChange('0x01', { kind: 'other' })).rejects.toThrow(TypeError)
    await expect(world.chain.describeChange(`0x${'1'.repeat(16)}`, remove(one))).rejects.toThrow(RangeError)
    await expect(world.chain.describeChange('0x01', [add(one), remove(one)])).rejects.toThrow(TypeError)
    await expect(world.chain.describeChange('0x01', [])).rejects.toThrow(TypeError)
  })
})

describe('the paymaster', () => {
  const envelopeOf = async ({ address }: { address: string }, keys: readonly (readonly [TestKey, number])[]) => {
    const script = cadenceOf(await world.chain.describeChange(address, add(testKey())))
    const payload = await payloadFor(world, { account: bare(address), script })
    const by = keys.map(([key, keyIndex]) => ({
      address: bare(address),
      keyIndex,
      signature: key.sign(payloadMessage(payload)).signature,
    }))
    return { payload, by, hex: envelopeHex(payload, by) }
  }

  test('signs for a client what the account agreed to, and the client’s own sending of it succeeds', async () => {
    const { server, device, address } = await account()
    const { payload, by, hex } = await envelopeOf({ address }, [
      [server, 0],
      [device, 1],
    ])
    expect(await world.chain.decode(hex)).toMatchObject({ form: 'envelope', address })
    const signed = await world.relay.signAsPayer(hex, charge)
    expect(signed).toMatchObject({ address: world.chain.payer.address, keyIndex: 0 })
    const body = bodyOf(world, { payload, by, payerSignature: signed?.signature ?? new Uint8Array() })
    expect(await world.chain.access.api.send(body)).toBe(true)
    expect(await signersOf(address)).toHaveLength(3)
  })

  test('signs nothing that the account did not agree to, that is no envelope, or that an app has no day left for', async () => {
    const { server, device, address } = await account()
    const half = await envelopeOf({ address }, [[device, 1]])
    const swapped = await envelopeOf({ address }, [
      [server, 1],
      [device, 0],
    ])
    const twice = await envelopeOf({ address }, [
      [device, 1],
      [device, 1],
    ])
    for (const hex of [half.hex, swapped.hex, twice.hex, payloadHex(half.payload), '00', undefined])
      expect(await world.relay.signAsPayer(hex, charge)).toBeUndefined()
    const whole = await envelopeOf({ address }, [
      [server, 0],
      [device, 1],
    ])
    const poor = world.relayWith({ transactionsPerDay: 1 })
    expect(await poor.signAsPayer(whole.hex, { appId: 'poor' })).toBeDefined()
    expect(await poor.signAsPayer(whole.hex, { appId: 'poor' })).toBeUndefined()
    expect(await poor.signAsPayer(whole.hex, { appId: 'another' })).toBeDefined()
  })
})
