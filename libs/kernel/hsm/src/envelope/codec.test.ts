import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Unopenable } from '../errors.ts'
import { decodeEnvelope, encodeEnvelope } from './codec.ts'
import type { Envelope, Recipient } from './envelope.ts'

const recipients = fc.array(
  fc.record({
    keyId: fc.uint8Array({ maxLength: 64 }),
    version: fc.integer({ min: 0, max: 0xffff_ffff }),
    strategy: fc.string({ maxLength: 13 }),
    sealed: fc.uint8Array({ maxLength: 200 }),
  }),
  { minLength: 1, maxLength: 8 },
) as fc.Arbitrary<[Recipient, ...Recipient[]]>

const envelopes: fc.Arbitrary<Envelope> = fc.oneof(
  fc.record({
    kind: fc.constantFrom('data-key' as const, 'recovery' as const),
    recipients,
    body: fc.uint8Array({ maxLength: 300 }),
  }),
  fc.record({
    kind: fc.constantFrom('direct', 'issued-key', 'locked-key', 'prepared-lock', 'issued-pair'),
    recipients,
    body: fc.constant(new Uint8Array()),
  }),
)

describe('the envelope codec', () => {
  test('decodes what it encoded, with one recipient or several', () => {
    fc.assert(
      fc.property(envelopes, (envelope) => {
        expect(decodeEnvelope(encodeEnvelope(envelope))).toEqual(envelope)
      }),
    )
  })

  test('one envelope has one encoding: whatever decodes encodes to the same bytes', () => {
    const damaged = fc.tuple(envelopes, fc.nat(), fc.integer({ min: 1, max: 255 }))
    fc.assert(
      fc.property(damaged, ([envelope, place, mask]) => {
        const bytes = encodeEnvelope(envelope)
        bytes[place % bytes.length] = (bytes[place % bytes.length] ?? 0) ^ mask
        expect([undefined, Buffer.from(bytes).toString('hex')]).toContain(encodeAgain(bytes))
      }),
    )
  })

  test('refuses every shorter and longer text', () => {
    const sealed = { keyId: new Uint8Array(16), version: 1, strategy: 'hsm-gcm', sealed: new Uint8Array(40) }
    const bytes = encodeEnvelope({ kind: 'direct', recipients: [sealed], body: new Uint8Array() })
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeEnvelope(bytes.slice(0, length))).toThrow(Unopenable)
    }
    expect(() => decodeEnvelope(Uint8Array.of(...bytes, 0))).toThrow(Unopenable)
    fc.assert(
      fc.property(fc.uint8Array(), (any) => {
        expect(() => decodeEnvelope(Uint8Array.of(9, ...any))).toThrow(Unopenable)
      }),
    )
  })
})

/** Hex of the bytes decoded and encoded, or `undefined` where they do not decode. */
function encodeAgain(bytes: Uint8Array): string | undefined {
  try {
    return Buffer.from(encodeEnvelope(decodeEnvelope(bytes))).toString('hex')
  } catch (error) {
    if (error instanceof Unopenable) return undefined
    throw error
  }
}
