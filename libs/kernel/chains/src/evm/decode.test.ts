import { encodeFunctionData, type Hex, pad } from 'viem'
import { expect, test } from 'vitest'
import { deviceKey, passkey } from '../../test/keys.ts'
import { accountAbi } from './abi.ts'
import { callDataOf, decodeRequest } from './decode.ts'
import { usualContracts } from './usual-contracts.ts'
import { encodeSigner } from './signers.ts'
import { type Call, typedDataOf } from './typed-data.ts'

const at = usualContracts()
const chainId = 31_337
const account: Hex = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'
const stranger: Hex = '0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC'
const { signer } = deviceKey()
const add = callDataOf({ kind: 'add-signer', signer }, at)

const self = (data: Hex): Call => ({ target: account, value: 0n, data })
const requestOf = (...calls: readonly Call[]) =>
  typedDataOf({ chainId, account, calls, nonce: 7n, deadline: 2_000_000_000n })
const decode = (request: unknown) => decodeRequest(request, { chainId, at })
const changesOf = (...calls: readonly Call[]) => decode(requestOf(...calls))?.changes

test('changes of signers are decoded whole, in their order', () => {
  const key = passkey().signer
  const remove = callDataOf({ kind: 'remove-signer', publicKey: key.publicKey, scheme: 'webauthn' }, at)
  const decoded = decode(requestOf(self(add), self(remove)))
  expect(decoded).toMatchObject({ address: account, deadline: new Date(2_000_000_000_000) })
  expect(decoded?.changes).toEqual([
    { kind: 'add-signer', signer },
    { kind: 'remove-signer', publicKey: key.publicKey, scheme: 'webauthn' },
  ])
  expect(decoded?.message).toHaveLength(32)
})

test('a call to somebody else is said as it is, and changes nothing of the account', () => {
  const pay: Call = { target: stranger, value: 5n, data: '0x' }
  expect(changesOf(pay, { ...pay, data: add })).toEqual([
    { kind: 'call', target: stranger, value: 5n, data: new Uint8Array() },
    { kind: 'call', target: stranger, value: 5n, data: Uint8Array.from(Buffer.from(add.slice(2), 'hex')) },
  ])
})

test.each<[string, Call]>([
  ['another call of the account to itself', self('0x12345678')],
  ['nothing, to itself', self('0x')],
  ['a payment to itself', { ...self(add), value: 1n }],
  ['a byte more than the change', self(`${add}00`)],
  ['a change cut short', self(add.slice(0, -2) as Hex)],
  ['a call to the factory', { target: at.factory, value: 0n, data: add }],
  ['a call to the code that all share', { target: at.implementation, value: 0n, data: add }],
  [
    'a signer of a verifier that is not ours',
    self(
      encodeFunctionData({
        abi: accountAbi,
        functionName: 'addSigner',
        args: [pad(stranger, { size: 84, dir: 'right' }), 500n],
      }),
    ),
  ],
  [
    'an address as a signer',
    self(encodeFunctionData({ abi: accountAbi, functionName: 'addSigner', args: [stranger, 1000n] })),
  ],
  [
    'a weight beyond numbers',
    self(
      encodeFunctionData({ abi: accountAbi, functionName: 'addSigner', args: [encodeSigner(signer, at), 2n ** 63n] }),
    ),
  ],
  [
    'a request within a request',
    self(encodeFunctionData({ abi: accountAbi, functionName: 'execute', args: [[], 1n, '0x'] })),
  ],
])('%s is other, beside whatever else', (_what, call) => {
  expect(changesOf(self(add), call)).toEqual([{ kind: 'add-signer', signer }, { kind: 'other' }])
})

const good = requestOf(self(add)).evm
test.each<[string, unknown]>([
  ['nothing', undefined],
  ['hex', '0x1901'],
  ['typed data without its name', good],
  ['a field more', { evm: { ...good, extra: 1 } }],
  ['a field more in the message', { evm: { ...good, message: { ...good.message, gas: '1' } } }],
  ['a field more beside it', { evm: good, cadence: 'transaction {}' }],
  ['another name of the domain', { evm: { ...good, domain: { ...good.domain, name: 'Strongroom account' } } }],
  ['another version', { evm: { ...good, domain: { ...good.domain, version: '2' } } }],
  ['another chain', { evm: { ...good, domain: { ...good.domain, chainId: 1 } } }],
  ['a chain as text', { evm: { ...good, domain: { ...good.domain, chainId: '31337' } } }],
  ['another type', { evm: { ...good, types: { ...good.types, Call: good.types.Call.toReversed() } } }],
  ['a type more', { evm: { ...good, types: { ...good.types, Permit: [] } } }],
  ['another primary type', { evm: { ...good, primaryType: 'Call' } }],
  ['no call', { evm: { ...good, message: { ...good.message, calls: [] } } }],
  ['seventeen calls', requestOf(...Array.from({ length: 17 }, () => self(add)))],
  ['a number with a zero before it', { evm: { ...good, message: { ...good.message, nonce: '07' } } }],
  ['a number in hex', { evm: { ...good, message: { ...good.message, nonce: '0x7' } } }],
  ['a number as a number', { evm: { ...good, message: { ...good.message, nonce: 7 } } }],
  ['a number that is too large', { evm: { ...good, message: { ...good.message, nonce: String(2n ** 256n) } } }],
  ['a deadline after the end of time', { evm: { ...good, message: { ...good.message, deadline: '253402300800' } } }],
  [
    'an address without its checksum',
    { evm: { ...good, domain: { ...good.domain, verifyingContract: account.toLowerCase() } } },
  ],
  [
    'data in capitals',
    {
      evm: {
        ...good,
        message: {
          ...good.message,
          calls: [{ target: account, value: '0', data: add.toUpperCase().replace('X', 'x') }],
        },
      },
    },
  ],
  [
    'half a byte',
    { evm: { ...good, message: { ...good.message, calls: [{ target: account, value: '0', data: '0x123' }] } } },
  ],
])('%s is not decoded', (_what, request) => {
  expect(decode(request)).toBeUndefined()
})

test('every part is in the message', () => {
  const base = { chainId, account, calls: [self(add)], nonce: 7n, deadline: 2_000_000_000n }
  const all = [
    base,
    { ...base, nonce: 8n },
    { ...base, deadline: 2_000_000_001n },
    { ...base, account: stranger },
    { ...base, calls: [self('0x')] },
  ]
  const messages = all.map((one) => Buffer.from(decode(typedDataOf(one))?.message ?? []).toString('hex'))
  expect(new Set(messages).size).toBe(all.length)
})
