import { fromHex, toHex } from '@strongroom/crypto'
import { encodeFunctionData, hashTypedData, type Hex, parseAbi } from 'viem'
import { expect, test } from 'vitest'
import { hashOfRequest, readChanges } from './account-request.ts'
import { readRequest, RequestError } from './read-request.ts'

const abi = parseAbi(['function addSigner(bytes signer, uint64 weight)', 'function removeSigner(bytes signer)'])
const account: Hex = '0x5FbDB2315678afecb367f032d93F642f64180aa3'
const key = 'ab'.repeat(64)
const signer: Hex = `0x${'11'.repeat(20)}${key}`
const adding = encodeFunctionData({ abi, functionName: 'addSigner', args: [signer, 500n] })
const removing = encodeFunctionData({ abi, functionName: 'removeSigner', args: [signer] })

const types = {
  Execute: [
    { name: 'calls', type: 'Call[]' },
    { name: 'nonce', type: 'uint256' },
    { name: 'deadline', type: 'uint256' },
  ],
  Call: [
    { name: 'target', type: 'address' },
    { name: 'value', type: 'uint256' },
    { name: 'data', type: 'bytes' },
  ],
} as const
const domain = { name: 'Strongroom Account', version: '1', chainId: 5, verifyingContract: account } as const

interface WireCall {
  readonly target: Hex
  readonly value: string
  readonly data: Hex
}

const toSelf = (data: Hex, value = '0'): WireCall => ({ target: account, value, data })
const requestOf = (calls: readonly WireCall[], changes: object = {}) => ({
  evm: { domain, types, primaryType: 'Execute', message: { calls, nonce: '7', deadline: '1800000000', ...changes } },
})

test.each([
  ['one call', [toSelf(adding)]],
  ['several calls', [toSelf(adding), toSelf(removing, '12345678901234567890')]],
  ['no call', []],
  ['a call without data', [toSelf('0x')]],
])('the hash of %s is that of EIP-712', (_, calls) => {
  const message = {
    calls: calls.map(({ value, ...call }) => ({ ...call, value: BigInt(value) })),
    nonce: 7n,
    deadline: 1_800_000_000n,
  }
  const expected = hashTypedData({ domain, types, primaryType: 'Execute', message })
  expect(`0x${toHex(hashOfRequest(readRequest(requestOf(calls))))}`).toBe(expected)
})

test('what adds or removes a signer is read as such', () => {
  const read = (data: Hex) => readChanges(readRequest(requestOf([toSelf(data)])))
  const of = { publicKey: fromHex(key), verifier: new Uint8Array(20).fill(0x11) }
  const [added, removed] = [
    { kind: 'add-signer', ...of, weight: 500n },
    { kind: 'remove-signer', ...of },
  ]
  expect(read(adding)).toEqual([added])
  expect(read(removing)).toEqual([removed])
  expect(readChanges(readRequest(requestOf([toSelf(adding), toSelf(removing)])))).toEqual([added, removed])
})

const other: Hex = '0x0000000000000000000000000000000000000001'
test.each([
  ['a call to somebody else', [{ ...toSelf(adding), target: other }]],
  ['a second call to somebody else', [toSelf(adding), { ...toSelf(adding), target: other }]],
  ['a payment with it', [toSelf(adding, '1')]],
  ['a byte behind it', [toSelf(`${adding}00`)]],
  ['another function', [toSelf(`0xdeadbeef${adding.slice(10)}`)]],
  ['a longer signer', [toSelf(encodeFunctionData({ abi, functionName: 'removeSigner', args: [`${signer}00`] }))]],
  ['bytes in the padding', [toSelf(`${adding.slice(0, -2)}01` as Hex)]],
])('with %s it is no change of a signer', (_, calls) => {
  expect(readChanges(readRequest(requestOf(calls)))).toBeUndefined()
})

test.each([
  ['nothing', undefined],
  ['another kind of request', { cadence: 'transaction {}' }],
  ['a number as a number', requestOf([toSelf(adding)], { nonce: 7 })],
  ['a number with a sign', requestOf([toSelf(adding)], { nonce: '-7' })],
  ['a number of 257 bits', requestOf([toSelf(adding)], { nonce: (2n ** 256n).toString() })],
  ['an address that is too short', { evm: { ...requestOf([]).evm, domain: { ...domain, verifyingContract: '0x12' } } }],
  ['a chain that is text', { evm: { ...requestOf([]).evm, domain: { ...domain, chainId: '5' } } }],
  ['a call that is none', { evm: { ...requestOf([]).evm, message: { calls: [null], nonce: '1', deadline: '1' } } }],
])('%s is not signed', (_, request) => {
  expect(() => readRequest(request)).toThrow(RequestError)
})
