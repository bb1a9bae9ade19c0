import { createHash } from 'node:crypto'
import { Secret } from '@strongroom/crypto'
import { describe, expect, test } from 'vitest'
import vectors from '../../../../test/vectors/tokend-request-signature.json' with { type: 'json' }
import { signerIn } from '../test/fake-identity-storage.ts'
import { signerOf } from './signer.ts'
import { type Covered, signatureOver, signRequest } from './sign-request.ts'
import { fromSeedText } from './strkey.ts'

const signerOfText = (seed: string) => signerOf(fromSeedText(new Secret(seed)))
const signer = signerOfText('SANRZWBGCH6L6PPVW5KFHCETRMP6N3NJJD7F2FS54HTCXHVVXMB4BP2F')
const { keyId } = signer
const date = new Date('2018-01-05T21:31:40Z')
const [target, body] = ['/wallets/ab?filter[email]=a%2Bb', '{"data":{}}']

test.each(vectors.signed)('$name: the published signature is made', async (vector) => {
  const values: Readonly<Record<string, string | undefined>> = {
    '(request-target)': `${vector.method.toLowerCase()} ${vector.target}`,
    ...vector.headers,
  }
  const covered: Covered = vector.covered.split(' ').map((name) => [name, values[name] ?? ''])
  expect(await signatureOver(covered, signerOfText(vector.seed))).toBe(
    `keyId="${vector.keyId}",algorithm="ed25519-sha256",headers="${vector.covered}",signature="${vector.signature}"`,
  )
})

describe('compat', () => {
  test('makes the headers of the published client, always alike', async () => {
    const [, vector] = vectors.signed
    const request = { signer, method: 'GET', target: '/foo/bar', accountId: 'GACCOUNT' }
    expect(await signRequest(request)).toEqual({
      signature: `keyId="${keyId}",algorithm="ed25519-sha256",headers="(request-target)",signature="${vector?.signature ?? ''}"`,
      'account-id': 'GACCOUNT',
    })
    expect(await signRequest({ ...request, body: 'any' })).toEqual(await signRequest(request))
  })

  test('covers a date where there is one', async () => {
    const headers = await signRequest({ signer, method: 'get', target, date })
    expect(headers['date']).toBe('Fri, 05 Jan 2018 21:31:40 GMT')
    expect(headers['signature']).toContain('headers="(request-target) date"')
    expect(signerIn({ method: 'GET', target, headers, text: '' })).toBe(keyId)
    expect(signerIn({ method: 'GET', target, headers: { ...headers, date: 'now' }, text: '' })).toBeUndefined()
  })
})

describe('strict', () => {
  test('covers target, date and the digest of the body', async () => {
    const headers = await signRequest({ signer, method: 'PUT', target, profile: 'strict', date, body })
    expect(headers['digest']).toBe(`SHA-256=${createHash('sha256').update(body).digest('base64')}`)
    expect(headers['signature']).toContain('headers="(request-target) date digest"')
    for (const changed of ['date', 'digest']) {
      const other = { ...headers, [changed]: 'other' }
      expect(signerIn({ method: 'PUT', target, headers: other, text: body })).toBeUndefined()
    }
    expect(signerIn({ method: 'PUT', target, headers, text: body })).toBe(keyId)
    expect(signerIn({ method: 'PUT', target: '/wallets/cd', headers, text: body })).toBeUndefined()
    expect(signerIn({ method: 'POST', target, headers, text: body })).toBeUndefined()
  })

  test('digests no bytes where there is no body', async () => {
    const { digest } = await signRequest({ signer, method: 'GET', target, profile: 'strict', date })
    expect(digest).toBe('SHA-256=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=')
  })

  test('signs nothing without a date, and X-Date where a page may set no other', async () => {
    const request = { signer, method: 'GET', target, profile: 'strict' } as const
    await expect(signRequest(request)).rejects.toThrow('date is missing')
    const headers = await signRequest({ ...request, date, dateHeader: 'x-date' })
    expect(headers['signature']).toContain('headers="(request-target) x-date digest"')
    expect([headers['date'], headers['x-date']]).toEqual([undefined, 'Fri, 05 Jan 2018 21:31:40 GMT'])
  })

  test('covers a nonce, which tells two like requests of one second apart', async () => {
    const request = { signer, method: 'GET', target, profile: 'strict', date } as const
    const [one, other] = await Promise.all(['1', '2'].map((nonce) => signRequest({ ...request, nonce })))
    expect(one?.['signature']).toContain('headers="(request-target) date digest x-nonce"')
    expect(one?.['x-nonce']).toBe('1')
    expect(one?.['signature']).not.toBe(other?.['signature'])
    expect(signerIn({ method: 'GET', target, headers: one ?? {}, text: '' })).toBe(keyId)
    expect(signerIn({ method: 'GET', target, headers: { ...one, 'x-nonce': '2' }, text: '' })).toBeUndefined()
  })
})

test('a signer that keeps its key elsewhere may take its time', async () => {
  class Elsewhere {
    readonly keyId = keyId
    readonly #key = signer
    async sign(bytes: Uint8Array) {
      return this.#key.sign(bytes)
    }
  }
  const request = { method: 'GET', target }
  expect(await signRequest({ ...request, signer: new Elsewhere() })).toEqual(await signRequest({ ...request, signer }))
})
