import { afterAll, beforeAll, expect, test } from 'vitest'
import type { AccountChange } from '../../src/chain.ts'
import type { BareAddress } from '../../src/flow/address.ts'
import type { FlowPayload } from '../../src/flow/message.ts'
import { deploymentArguments, deploymentScript } from '../../src/flow/scripts.ts'
import {
  bare,
  cadenceOf,
  envelopeHex,
  type FlowWorld,
  flowWorld,
  payloadFor,
  payloadHex,
  type TestKey,
  testKey,
} from './flow-world.ts'

let world: FlowWorld
let account: BareAddress
let stranger: BareAddress
let payer: BareAddress
const [server, device, other] = [testKey(), testKey(), testKey()]
beforeAll(async () => {
  world = await flowWorld()
  account = bare(world.stub.addAccount([server.signer(), device.signer()]))
  stranger = bare(world.stub.addAccount([other.signer(1000)]))
  payer = bare(world.chain.payer.address)
})
afterAll(() => world[Symbol.asyncDispose]())

const add = (key: TestKey): AccountChange => ({ kind: 'add-signer', signer: key.signer() })
const remove = ({ publicKey }: TestKey): AccountChange => ({ kind: 'remove-signer', publicKey })
const scriptFor = async (change: AccountChange) => cadenceOf(await world.chain.describeChange(account, change))
const payloadOf = async (change: AccountChange) => payloadFor(world, { account, script: await scriptFor(change) })
const decode = (payload: FlowPayload) => world.chain.decode(payloadHex(payload))

test('a change of keys is decoded, in either case of hexadecimal', async () => {
  const added = await payloadOf(add(other))
  const expected = { form: 'payload', address: `0x${account}`, changes: [add(other)] }
  expect(await decode(added)).toMatchObject(expected)
  expect(await world.chain.decode(payloadHex(added).toUpperCase())).toMatchObject(expected)
  expect(await decode(await payloadOf(remove(device)))).toMatchObject({ changes: [remove(device)] })
  expect(await world.chain.decode(envelopeHex(added, []))).toMatchObject({ ...expected, form: 'envelope' })
})

test.each<[string, (script: string) => string]>([
  ['a space more', (script) => `${script} `],
  ['a comment', (script) => `// harmless\n${script}`],
  ['another line end', (script) => script.replaceAll('\n', '\r\n')],
  ['a statement more', (script) => script.replace('return true', 'return true || true')],
  ['the check of what stands left out', (script) => script.replace(/ {8}account\.keys\.forEach[^]*?\}\)\n/, '')],
  ['another hash', (script) => script.replace('SHA2_256', 'SHA3_256')],
  ['another curve', (script) => script.replace('ECDSA_P256', 'ECDSA_secp256k1')],
  ['more rights', (script) => script.replace('auth(AddKey)', 'auth(Keys)')],
  ['a weight of other digits', (script) => script.replace('weight: 500.0', 'weight: 0500.0')],
  ['a weight of nothing', (script) => script.replace('weight: 500.0', 'weight: 0.0')],
  ['a weight beyond all', (script) => script.replace('weight: 500.0', 'weight: 1001.0')],
  ['a key in capitals', (script) => script.replace(/"[0-9a-f]{128}"/, (key) => key.toUpperCase())],
  ['a key that is no point', (script) => script.replace(/"[0-9a-f]{128}"/, `"${'0'.repeat(128)}"`)],
  ['no key', (script) => script.replace(/"[0-9a-f]{128}"/, '""')],
  ['nothing at all', () => ''],
  ['the deployment of an account', () => deploymentScript],
])('a script with %s is not decoded', async (_name, alter) => {
  const payload = await payloadOf(add(other))
  const script = alter(payload.script)
  expect(script).not.toBe(payload.script)
  expect(await decode({ ...payload, script })).toBeUndefined()
})

test('a deployment is not decoded, with its arguments or without', async () => {
  const payload = await payloadOf(add(other))
  const args = deploymentArguments([other.signer()])
  expect(await decode({ ...payload, script: deploymentScript, arguments: args })).toBeUndefined()
})

test.each<[string, (payload: FlowPayload) => Partial<FlowPayload>]>([
  ['an argument', () => ({ arguments: ['{"type":"String","value":""}'] })],
  ['the payer as an authoriser too', () => ({ authorizers: [account, payer] })],
  ['the payer as the only authoriser', () => ({ authorizers: [payer] })],
  [
    'the payer as authoriser and proposer',
    ({ proposer }) => ({
      authorizers: [payer],
      proposer: { ...proposer, address: payer },
    }),
  ],
  ['a second account', () => ({ authorizers: [account, stranger] })],
  ['an account twice', () => ({ authorizers: [account, account] })],
  ['no authoriser', () => ({ authorizers: [] })],
  ['another payer', () => ({ payer: stranger })],
  ['an account that pays for itself', () => ({ payer: account })],
  ['the payer as proposer', ({ proposer }) => ({ proposer: { ...proposer, address: payer } })],
  ['another proposer', ({ proposer }) => ({ proposer: { ...proposer, address: stranger } })],
  ['no gas', () => ({ gasLimit: 0 })],
  ['more gas than there is', () => ({ gasLimit: 10_000 })],
  ['a reference block that nobody knows', () => ({ referenceBlock: 'ab'.repeat(32) })],
])('a transaction with %s is not decoded', async (_name, alter) => {
  const payload = await payloadOf(add(other))
  expect(await decode({ ...payload, ...alter(payload) })).toBeUndefined()
})

test('a change that changes nothing is not decoded: a key that stands, one that is gone, another at that index', async () => {
  const payload = await payloadOf(add(other))
  const add1 = { ...payload, script: payload.script.replace(/"[0-9a-f]{128}"/, `"${hex(device)}"`) }
  expect(await decode(add1)).toBeUndefined()
  const removal = await payloadOf(remove(device))
  const another = { ...removal, script: removal.script.replace(/"[0-9a-f]{128}"/, `"${hex(server)}"`) }
  const beyond = { ...removal, script: removal.script.replaceAll('keyIndex: 1)', 'keyIndex: 7)') }
  const mixed = { ...removal, script: removal.script.replace('keyIndex: 1)', 'keyIndex: 0)') }
  for (const one of [another, beyond, mixed]) expect(await decode(one)).toBeUndefined()
  const nowhere = bare(`0x${'9'.repeat(16)}`)
  const elsewhere = { ...payload, authorizers: [nowhere], proposer: { ...payload.proposer, address: nowhere } }
  expect(await decode(elsewhere)).toBeUndefined()
})

const hex = ({ publicKey }: TestKey) => Buffer.from(publicKey).toString('hex')

test('what is no message of a transaction is not decoded', async () => {
  const good = payloadHex(await payloadOf(add(other)))
  const payload = await payloadOf(add(other))
  const byPayer = { address: payer, keyIndex: 0, signature: new Uint8Array(64) }
  const wrong = [
    `0x${good}`,
    good.slice(1),
    good.slice(64),
    good.replace(/^46/, '47'),
    `${good}00`,
    good.slice(0, -2),
    '',
    '00'.repeat(100_000),
    envelopeHex(payload, [byPayer]),
    { message: good },
    undefined,
    42,
  ]
  for (const one of wrong) expect(await world.chain.decode(one)).toBeUndefined()
})

test('a transaction that is too old to run is not decoded', async () => {
  const payload = await payloadOf(add(other))
  world.stub.advance(600)
  expect(await decode(payload)).toBeDefined()
  world.stub.advance(1)
  expect(await decode(payload)).toBeUndefined()
})

test('what was not decoded is not relayed', async () => {
  const payload = await payloadOf(add(other))
  for (const request of [payloadHex({ ...payload, authorizers: [payer] }), envelopeHex(payload, []), 'nonsense']) {
    const queued = world.database.transaction((tx) =>
      world.chain.queueRequest(tx, request, { signatures: [], charge: { appId: 'app' } }),
    )
    await expect(queued).rejects.toThrow(TypeError)
  }
})
