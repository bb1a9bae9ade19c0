import { createHash, createHmac, scryptSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { attackOffline, drawFrom, type DumpedCell } from '../src/index.ts'

const randomness = drawFrom('methods')
const pin = '0739'
const guesses = 1_000
const salt = Buffer.from('a salt that is stored beside it.')
const owner = { keyId: 'none', pin, encryptionKey: Buffer.alloc(32, 0xfb).toString('base64') }
const cell = (column: string, value: Uint8Array | string): DumpedCell => ({ table: 'keys', row: '1', column, value })
const sha256 = (...parts: (string | Buffer)[]) =>
  createHash('sha256').update(Buffer.concat(parts.map((part) => Buffer.from(part))))

/** An attack that finds nothing anywhere would call every server safe: each of its methods must find what is there. */
describe('the offline attack', () => {
  it.each([
    { method: 'sha256', stored: sha256(pin).digest() },
    { method: 'sha512', stored: createHash('sha512').update(pin).digest() },
    { method: 'sha256(salt, pin)', stored: sha256(salt, pin).digest() },
    { method: 'sha256(pin, salt)', stored: sha256(pin, salt).digest() },
    { method: 'hmac-sha512', stored: createHmac('sha512', salt).update(pin).digest() },
    { method: 'hmac-sha512', stored: createHmac('sha512', salt).update(pin).digest().subarray(0, 32) },
    { method: 'hmac-sha256', stored: createHmac('sha256', salt).update(pin).digest('hex') },
    { method: 'scrypt', stored: scryptSync(pin, salt, 64).subarray(0, 24) },
  ])('confirms a PIN that is kept by $method', async ({ method, stored }) => {
    const cells = [cell('salt', salt), cell('hash', stored)]
    const { hits } = await attackOffline({ cells, log: '', owners: [owner], randomness, guesses })
    expect(hits.map((hit) => hit.method)).toEqual([method])
  })

  it('finds the key and the PIN in bytes, in text and in the log', async () => {
    const key = Buffer.from(owner.encryptionKey, 'base64')
    const cells = [
      cell('raw', Buffer.concat([salt, key])),
      cell('hex', key.toString('hex').toUpperCase()),
      cell('url', key.toString('base64url')),
      cell('payload', `{"pin":"${pin}"}`),
    ]
    const log = `authorization: Basic ${Buffer.from(`:${pin}`).toString('base64')}`
    const { exposed } = await attackOffline({ cells, log, owners: [owner], randomness, guesses })
    expect(exposed.toSorted()).toEqual([
      'PIN in keys.payload, clear',
      'PIN in log, Basic credentials',
      'encryption key in keys.hex, hex',
      'encryption key in keys.raw, raw',
      'encryption key in keys.url, base64url',
    ])
  })

  it('finds nothing where nothing is', async () => {
    const cells = [cell('verifier', randomness.token(32)), cell('id', '12073900-0739-4073-8073-073907390739')]
    const verdict = await attackOffline({ cells, log: 'port 50739 at 07:39', owners: [owner], randomness, guesses })
    expect(verdict).toMatchObject({ exposed: [], hits: [], falseHits: [] })
  })
})
