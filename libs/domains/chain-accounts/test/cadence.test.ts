import type { AccountChange } from '@strongroom/chains'
import { fromHex, toHex, verifyP256 } from '@strongroom/crypto'
import { encodeTransactionEnvelope, encodeTransactionPayload } from '@onflow/sdk'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { pointOf } from '../src/public-key.ts'
import { type AccountsWorld, accountsWorld } from './accounts-world.ts'
import { type Device, newDevice } from './device.ts'
import { soon } from './person.ts'

let world: AccountsWorld
let ann: Person
let bob: Person
beforeAll(async () => {
  world = await accountsWorld()
  ann = await signUp('ann')
  bob = await signUp('bob')
})
afterAll(() => world[Symbol.asyncDispose]())

interface Person {
  readonly login: { readonly method: 'test'; readonly token: string; readonly chainName: 'flow-testnet' }
  readonly phone: Device
  readonly token: string
  readonly address: string
}

async function signUp(token: string): Promise<Person> {
  const phone = newDevice()
  const login = { method: 'test', token, chainName: 'flow-testnet' } as const
  const answer = await world.ask('POST', '/auth/v1/signup', { body: { ...login, userKey: phone.userKey } })
  const { credentials } = answer.body as { credentials: { accessToken: string } }
  const me = async () => {
    await world.sweep()
    const seen = await world.ask('GET', '/account/v1/me', { token: credentials.accessToken })
    const { addresses } = (seen.body as { account: { addresses: { address: string }[] } }).account
    expect(addresses).toHaveLength(1)
    return addresses[0]?.address ?? ''
  }
  return { login, phone, token: credentials.accessToken, address: await vi.waitFor(me, soon) }
}

/** A transaction as the client of an app builds it, by Flow’s own library. */
async function transactionOf({ address }: Person, { script, keyId = 1 }: { script: string; keyId?: number }) {
  const block = (await (await fetch(`${world.flow.url}/v1/blocks?height=sealed`)).json()) as [
    { header: { id: string } },
  ]
  const bare = address.replace(/^0x/, '')
  const sequenceNum = world.flow.account(bare)?.keys[keyId]?.sequenceNumber ?? 0
  return {
    cadence: script,
    refBlock: block[0].header.id,
    computeLimit: 999,
    arguments: [],
    proposalKey: { address: bare, keyId, sequenceNum },
    payer: world.flowChain.payer.address.replace(/^0x/, ''),
    authorizers: [bare],
    payloadSigs: [] as { address: string; keyId: number; sig: string }[],
  }
}

const hexOf = (encoded: string) => encoded.replace(/^0x/, '')
const scriptOf = async ({ address }: Person, change: AccountChange) =>
  ((await world.flowChain.describeChange(address, change)) as { cadence: string }).cadence
const addition = ({ publicKey }: Device): AccountChange => ({
  kind: 'add-signer',
  signer: { publicKey: fromHex(publicKey), scheme: 'p256-sha256', weight: 500 },
})
const ask = (token: string, message: string, path = '') =>
  world.ask('POST', `/sign/v1/cadence/transaction${path}`, { token, body: { message } })

test(
  'a device’s addition of another is signed by our key, and paid for, once that one asked for it',
  { timeout: 240_000 },
  async () => {
    const tablet = newDevice()
    const begun = await world.ask('POST', '/auth/v1/signin/2fa', {
      body: { request: ann.login, userKey: tablet.userKey },
    })
    expect(begun).toMatchObject({ status: 200 })
    const { message } = (begun.body as { twoFactorAuth: { request: { message: string } } }).twoFactorAuth.request
    const { cadence } = JSON.parse(message) as { cadence: string }
    const transaction = await transactionOf(ann, { script: cadence })
    const payload = hexOf(encodeTransactionPayload(transaction))

    const answer = await ask(ann.token, payload)
    expect(answer).toMatchObject({ status: 200, body: { signature: { addr: ann.address, keyId: 0 } } })
    const { signature } = (answer.body as { signature: { signature: string } }).signature
    const standing = await world.flowChain.readAccount(ann.address)
    const server = standing?.signers.find(({ publicKey }) => toHex(publicKey) !== ann.phone.publicKey)
    const point = pointOf(server?.publicKey ?? new Uint8Array())
    expect(verifyP256({ message: fromHex(payload), signature: fromHex(signature), publicKey: point })).toBe(true)

    const address = transaction.proposalKey.address
    const payloadSigs = [
      { address, keyId: 0, sig: signature },
      { address, keyId: 1, sig: ann.phone.sign(fromHex(payload)) },
    ]
    const envelope = hexOf(encodeTransactionEnvelope({ ...transaction, payloadSigs }))
    expect(await ask(ann.token, envelope)).toMatchObject({ error: 'InvalidRequest' })
    const paid = await ask(ann.token, envelope, '/paymaster')
    const { address: addr, keyIndex } = world.flowChain.payer
    expect(paid).toMatchObject({ status: 200, body: { signature: { addr, keyId: keyIndex } } })
    // Without the account’s own signatures nobody pays.
    const bare = hexOf(encodeTransactionEnvelope({ ...transaction, payloadSigs: payloadSigs.slice(0, 1) }))
    expect(await ask(ann.token, bare, '/paymaster')).toMatchObject({ error: 'InvalidRequest' })
    expect(await ask(bob.token, envelope, '/paymaster')).toMatchObject({ error: 'Forbidden' })
  },
)

/** Runs on the chain what its payer signed; its hash. */
async function runIt(
  transaction: Awaited<ReturnType<typeof transactionOf>>,
  paid: { keyId: number; signature: string },
) {
  const of = ({ address, keyId, sig }: { address: string; keyId: number; sig: string }) => ({
    address,
    key_index: String(keyId),
    signature: Buffer.from(sig, 'hex').toString('base64'),
  })
  const { proposalKey: by, payloadSigs, payer, authorizers, refBlock, computeLimit, cadence } = transaction
  const body = {
    script: Buffer.from(cadence).toString('base64'),
    arguments: [],
    reference_block_id: refBlock,
    gas_limit: String(computeLimit),
    payer,
    proposal_key: { address: by.address, key_index: String(by.keyId), sequence_number: String(by.sequenceNum) },
    authorizers,
    payload_signatures: payloadSigs.map(of),
    envelope_signatures: [of({ address: payer, keyId: paid.keyId, sig: paid.signature })],
  }
  const answer = await fetch(`${world.flow.url}/v1/transactions`, { method: 'POST', body: JSON.stringify(body) })
  expect(answer.ok).toBe(true)
}

test('nobody pays for what the caller’s own key did not sign, whoever else did', { timeout: 240_000 }, async () => {
  const cam = await signUp('cam')
  /** Our signature, by a token alone; then another key’s, and the payer’s. */
  const letIn = async (asked: Device, by: { device: Device; keyId: number }) => {
    const begun = await world.ask('POST', '/auth/v1/signin/2fa', {
      body: { request: cam.login, userKey: asked.userKey },
    })
    const { message } = (begun.body as { twoFactorAuth: { request: { message: string } } }).twoFactorAuth.request
    const { cadence } = JSON.parse(message) as { cadence: string }
    const transaction = await transactionOf(cam, { script: cadence, keyId: by.keyId })
    const payload = hexOf(encodeTransactionPayload(transaction))
    const ours = (await ask(cam.token, payload)).body as { signature: { signature: string } }
    const { address } = transaction.proposalKey
    const theirs = { address, keyId: by.keyId, sig: by.device.sign(fromHex(payload)) }
    const signed = { ...transaction, payloadSigs: [{ address, keyId: 0, sig: ours.signature.signature }, theirs] }
    return { signed, paid: await ask(cam.token, hexOf(encodeTransactionEnvelope(signed)), '/paymaster') }
  }
  const second = newDevice()
  const { signed, paid } = await letIn(second, { device: cam.phone, keyId: 1 })
  await runIt(signed, (paid.body as { signature: { keyId: number; signature: string } }).signature)
  await vi.waitFor(async () => {
    world.flow.advance(1)
    expect((await world.flowChain.readAccount(cam.address))?.signers).toHaveLength(3)
  }, soon)
  const stolen = await letIn(newDevice(), { device: second, keyId: 2 })
  expect(stolen.paid).toMatchObject({ error: 'InvalidRequest' })
})

test('a change that nobody asked for waits; one of another account, or not whole, is refused', async () => {
  const cloud = newDevice()
  const recoveryKey = { publicKey: cloud.publicKey, cloudKey: { accountName: 'iCloud' } }
  await world.ask('POST', '/key/v1/recovery', { token: bob.token, body: { recoveryKey } })
  const script = await scriptOf(bob, addition(cloud))
  const payload = hexOf(encodeTransactionPayload(await transactionOf(bob, { script })))
  expect(await ask(bob.token, payload)).toMatchObject({ status: 202, body: { change: { state: 'held' } } })
  expect(await ask(ann.token, payload)).toMatchObject({ status: 403 })
  const unknown = await transactionOf(bob, { script: await scriptOf(bob, addition(newDevice())) })
  expect(await ask(bob.token, hexOf(encodeTransactionPayload(unknown)))).toMatchObject({ status: 403 })
  const more = await transactionOf(bob, { script: `${script}\n` })
  const blind = await transactionOf(bob, { script: 'transaction { prepare(signer: auth(Keys) &Account) {} }' })
  for (const one of [more, blind, { ...more, cadence: script, refBlock: 'ab'.repeat(32) }])
    expect(await ask(bob.token, hexOf(encodeTransactionPayload(one)))).toMatchObject({ error: 'InvalidRequest' })
  for (const message of ['ab', payload.slice(64), `${payload}00`]) {
    expect(await ask(bob.token, message)).toMatchObject({ error: 'InvalidRequest' })
    expect(await ask(bob.token, message, '/paymaster')).toMatchObject({ error: 'InvalidRequest' })
  }
})

test('who pays is told to who has an account', async () => {
  const { address: payerAddress, keyIndex: payerKeyIndex } = world.flowChain.payer
  expect(await world.ask('GET', '/sign/v1/cadence', { token: ann.token })).toMatchObject({
    body: { payerAddress, payerKeyIndex },
  })
  expect(await world.ask('GET', '/sign/v1/cadence', { token: 'none' })).toMatchObject({ status: 401 })
})
