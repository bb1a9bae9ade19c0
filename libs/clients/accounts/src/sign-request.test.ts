import { p256 } from '@noble/curves/nist.js'
import { fromHex, toHex, toUtf8, verifyP256 } from '@strongroom/crypto'
import { newDeviceKey } from '@strongroom/device-auth-client'
import { encodeFunctionData, type Hex, parseAbi } from 'viem'
import { expect, test, vi } from 'vitest'
import { hashOfRequest } from './evm/account-request.ts'
import { readRequest, RequestError } from './evm/read-request.ts'
import { publicKeyOf } from './sign-in-signature.ts'
import { approvalOf, passkeySigner, signChange, signerOf } from './sign-request.ts'

const abi = parseAbi(['function addSigner(bytes signer, uint64 weight)', 'function removeSigner(bytes signer)'])
const account: Hex = '0x5FbDB2315678afecb367f032d93F642f64180aa3'
const newKey = 'ab'.repeat(64)
const signer = (key: string): Hex => `0x${'11'.repeat(20)}${key}`

const requestFor = (data: Hex, target: Hex = account) => ({
  evm: {
    domain: { chainId: 5, verifyingContract: target },
    message: { calls: [{ target, value: '0', data }], nonce: '7', deadline: '1800000000' },
  },
})
const adding = (weight = 500n, key = newKey) =>
  encodeFunctionData({ abi, functionName: 'addSigner', args: [signer(key), weight] })
const removing = encodeFunctionData({ abi, functionName: 'removeSigner', args: [signer(newKey)] })
const expected = { kind: 'add-signer', account, publicKey: newKey } as const

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

test.each([
  ['another key', requestFor(adding(500n, 'cd'.repeat(64)))],
  ['a key that counts more', requestFor(adding(1000n))],
  ['another kind of change', requestFor(removing)],
  ['another account', requestFor(adding(), '0x0000000000000000000000000000000000000001')],
  ['something else', requestFor('0x')],
  ['nothing', {}],
])('%s is not signed', async (_, call) => {
  const sign = vi.fn<() => Promise<never>>()
  await expect(signChange({ publicKey: '', sign }, call, expected)).rejects.toThrow(RequestError)
  expect(sign).not.toHaveBeenCalled()
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
