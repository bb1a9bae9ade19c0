import { p256 } from '@noble/curves/nist.js'
import { fromHex, toHex, toUtf8, verifyP256 } from '@strongroom/crypto'
import { newDeviceKey } from '@strongroom/device-auth-client'
import { encodeFunctionData, type Hex, parseAbi } from 'viem'
import { expect, test, vi } from 'vitest'
import { hashOfRequest } from './evm/account-request.ts'
import { readRequest, RequestError } from './evm/read-request.ts'
import { publicKeyOf } from './sign-in-signature.ts'
import { approvalOf, passkeySigner, signChange, signerOf, usualVerifiers } from './sign-request.ts'

const abi = parseAbi(['function addSigner(bytes signer, uint64 weight)', 'function removeSigner(bytes signer)'])
const account: Hex = '0x5FbDB2315678afecb367f032d93F642f64180aa3'
const newKey = 'ab'.repeat(64)
const [verifier = ''] = usualVerifiers
const signer = (key: string, by = verifier): Hex => `0x${by.slice(2)}${key}`
const [now, DAY] = [new Date(1_800_000_000_000), 86_400]

interface Wish {
  readonly target?: Hex
  readonly chainId?: number
  readonly goodFor?: number
}
const requestFor = (data: Hex | readonly Hex[], { target = account, chainId = 5, goodFor = DAY }: Wish = {}) => ({
  evm: {
    domain: { chainId, verifyingContract: target },
    message: {
      calls: [data].flat().map((one) => ({ target, value: '0', data: one })),
      nonce: '7',
      deadline: String(1_800_000_000 + goodFor),
    },
  },
})
const adding = (weight = 500n, key = newKey, by = verifier) =>
  encodeFunctionData({ abi, functionName: 'addSigner', args: [signer(key, by), weight] })
const removalOf = (key: string) => encodeFunctionData({ abi, functionName: 'removeSigner', args: [signer(key)] })
const removing = removalOf(newKey)
const lost = 'cd'.repeat(64)
const expected = { kind: 'add-signer', chainId: 5, account, publicKey: newKey, now } as const

test('the expected change is signed, as the account verifies it', async () => {
  const key = await newDeviceKey()
  const call = requestFor(adding())
  const by = await signChange(signerOf(key), call, expected)
  expect(by.publicKey).toBe(publicKeyOf(key))
  const signature = fromHex('signature' in by ? by.signature : '')
  const publicKey = fromHex(`04${by.publicKey}`)
  expect(verifyP256({ message: hashOfRequest(readRequest(call)), signature, publicKey })).toBe(true)
  expect(await signChange(signerOf(key), requestFor(removing), { ...expected, kind: 'remove-signer' })).toBeDefined()
})

test('a lost device goes with it where that is expected, and nothing else does', async () => {
  const key = signerOf(await newDeviceKey())
  const both = requestFor([adding(), removalOf(lost)])
  expect(await signChange(key, both, { ...expected, lost: lost.toUpperCase() })).toBeDefined()
  const wrong = [requestFor(adding()), requestFor([adding(), removing]), requestFor([removalOf(lost), adding()])]
  for (const call of [...wrong, requestFor([adding(), removalOf(lost), removalOf('ef'.repeat(64))])])
    await expect(signChange(key, call, { ...expected, lost })).rejects.toThrow(RequestError)
})

test.each([
  ['a second change', requestFor([adding(), removalOf(lost)])],
  ['no change', requestFor([])],
  ['another key', requestFor(adding(500n, 'cd'.repeat(64)))],
  ['a key that counts more', requestFor(adding(1000n))],
  ['another kind of change', requestFor(removing)],
  ['another account', requestFor(adding(), { target: '0x0000000000000000000000000000000000000001' })],
  ['the same account of another chain', requestFor(adding(), { chainId: 1 })],
  ['the key under a verifier of somebody else’s', requestFor(adding(500n, newKey, `0x${'11'.repeat(20)}`))],
  ['what is good for days', requestFor(adding(), { goodFor: DAY + 3601 })],
  ['something else', requestFor('0x')],
  ['nothing', {}],
])('%s is not signed', async (_, call) => {
  const sign = vi.fn<() => Promise<never>>()
  await expect(signChange({ publicKey: '', sign }, call, expected)).rejects.toThrow(RequestError)
  expect(sign).not.toHaveBeenCalled()
})

test('a key under a verifier that the operator deployed is signed where it is named', async () => {
  const own = `0x${'AB'.repeat(20)}`
  const key = await newDeviceKey()
  const call = requestFor(adding(500n, newKey, own))
  await expect(signChange(signerOf(key), call, expected)).rejects.toThrow(RequestError)
  expect(await signChange(signerOf(key), call, { ...expected, verifiers: [own] })).toBeDefined()
})

test('a passkey is asked for the hash itself', async () => {
  const get = vi.fn<(options: object) => Promise<unknown>>().mockResolvedValue({
    rawId: Uint8Array.of(1).buffer,
    response: {
      authenticatorData: Uint8Array.of(2).buffer,
      clientDataJSON: Uint8Array.of(3).buffer,
      signature: Uint8Array.of(4).buffer,
      userHandle: null,
    },
  })
  const platform = { get, create: () => Promise.reject(new Error('not asked')) }
  const call = requestFor(adding())
  const by = await signChange(passkeySigner({ rpId: 'example.com', publicKey: 'cd' }, platform), call, expected)
  const passKey = { credentialId: 'AQ', authenticatorData: 'Ag', clientDataJSON: 'Aw', signature: 'BA' }
  expect(by).toEqual({ publicKey: 'cd', passKey })
  expect(get.mock.calls).toEqual([
    [
      {
        publicKey: {
          rpId: 'example.com',
          challenge: hashOfRequest(readRequest(call)),
          userVerification: 'required',
        },
      },
    ],
  ])
})

test('an approval is of the digest’s text, and of nothing else', async () => {
  const key = await newDeviceKey()
  const digest = toHex(p256.utils.randomSecretKey())
  const by = await approvalOf(key, digest)
  const signed = {
    message: toUtf8(`approve:${digest}`),
    signature: fromHex('signature' in by ? by.signature : ''),
    publicKey: fromHex(`04${by.publicKey}`),
  }
  expect(verifyP256(signed)).toBe(true)
  await expect(approvalOf(key, 'transfer everything')).rejects.toThrow(RequestError)
})
