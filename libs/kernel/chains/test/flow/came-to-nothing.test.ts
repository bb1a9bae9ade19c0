import { afterAll, beforeAll, expect, test } from 'vitest'
import type { AccountChange } from '../../src/chain.ts'
import { type FlowPayload, payloadMessage } from '../../src/flow/message.ts'
import {
  bare,
  bodyOf,
  cadenceOf,
  envelopeHex,
  type FlowWorld,
  flowWorld,
  payloadFor,
  type TestKey,
  testKey,
} from './flow-world.ts'

let world: FlowWorld
beforeAll(async () => {
  world = await flowWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

const add = (key: TestKey): AccountChange => ({ kind: 'add-signer', signer: key.signer() })

/** An account that stands, and payloads of it that were signed. */
async function signing() {
  const [server, device] = [testKey(), testKey()]
  const account = bare(world.stub.addAccount([server.signer(), device.signer()]))
  const payloadOf = async (change = add(testKey())) =>
    payloadFor(world, { account, script: cadenceOf(await world.chain.describeChange(account, change)) })
  /** Paid for: its hash, and how it is sent. */
  async function paidFor(payload: FlowPayload) {
    const by = [server, device].map((key, keyIndex) => ({
      address: account,
      keyIndex,
      signature: key.sign(payloadMessage(payload)).signature,
    }))
    const paid = await world.relay.signAsPayer(envelopeHex(payload, by), { appId: 'app' })
    const body = bodyOf(world, { payload, by, payerSignature: paid?.signature ?? new Uint8Array() })
    return { hash: paid?.hash ?? '', send: () => world.chain.access.api.send(body) }
  }
  return { payloadOf, paidFor }
}
const isNothing = (payload: FlowPayload, ...hashes: readonly string[]) =>
  world.chain.cameToNothing({ message: payloadMessage(payload), hashes })

test('what was signed and never ran is nothing once no block can hold it, and not before', async () => {
  const { payloadOf, paidFor } = await signing()
  const payload = await payloadOf()
  const { hash } = await paidFor(payload)
  expect(await isNothing(payload, hash)).toBe(false)
  world.stub.advance(600)
  expect(await isNothing(payload, hash)).toBe(false)
  world.stub.advance(1)
  expect(await isNothing(payload, hash)).toBe(true)
})

test('what succeeded is never nothing, and its hash is the one that the payer told', async () => {
  const { payloadOf, paidFor } = await signing()
  const payload = await payloadOf()
  const { hash, send } = await paidFor(payload)
  expect(await send()).toBe(true)
  expect(await world.chain.outcomeOf(hash)).toBe('succeeded')
  expect(await isNothing(payload, hash)).toBe(false)
  world.stub.advance(700)
  expect(await isNothing(payload, hash)).toBe(false)
})

test('what lost its number to another is nothing once it failed, or was never paid for', async () => {
  const { payloadOf, paidFor } = await signing()
  const [payload, unpaid, other] = [await payloadOf(), await payloadOf(), await payloadOf()]
  const { hash, send } = await paidFor(payload)
  await (await paidFor(other)).send()
  // Somebody may have it still, and no node knows it.
  expect(await isNothing(payload, hash)).toBe(false)
  expect(await isNothing(unpaid)).toBe(true)
  await send()
  expect(await world.chain.outcomeOf(hash)).toBe('failed')
  expect(await isNothing(payload, hash)).toBe(true)
  expect(await isNothing(payload, hash, 'ab'.repeat(32))).toBe(false)
})

test('of what is not understood, or names a block that nobody knows, nothing is said', async () => {
  const { payloadOf } = await signing()
  const payload = await payloadOf()
  world.stub.advance(700)
  expect(await isNothing({ ...payload, script: `${payload.script} ` })).toBe(false)
  expect(await isNothing({ ...payload, referenceBlock: 'ab'.repeat(32) })).toBe(false)
  expect(await world.chain.cameToNothing({ message: new Uint8Array([1]), hashes: [] })).toBe(false)
})

test('a number that was used proposes nothing: it is not decoded', async () => {
  const { payloadOf, paidFor } = await signing()
  const [payload, after] = [await payloadOf(), await payloadOf()]
  await (await paidFor(payload)).send()
  expect(await world.chain.decode(Buffer.from(payloadMessage(after)).toString('hex'))).toBeUndefined()
  const next = { ...after, proposer: { ...after.proposer, sequenceNumber: after.proposer.sequenceNumber + 1 } }
  expect(await world.chain.decode(Buffer.from(payloadMessage(next)).toString('hex'))).toBeDefined()
})
