import { randomBytes } from 'node:crypto'
import { sha256 } from '@strongroom/crypto'
import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { connect } from '../src/connect.ts'
import { decodeEnvelope, encodeEnvelope } from '../src/envelope/codec.ts'
import {
  HsmUnavailable,
  type KeyPair,
  type KeyRecord,
  type Keystore,
  openKeystore,
  type PairCurve,
  provisionKeys,
  Unopenable,
} from '../src/index.ts'
import { pairCurves, verifiesDigest } from '../src/keys/pair-curves.ts'
import { readScalar, signDigest, signingHalf } from '../src/keys/session-pairs.ts'
import { renewPair } from '../src/operations/held-pair.ts'
import { openPayload } from '../src/operations/payload.ts'
import { decodeWrappedPair, encodeWrappedPair } from '../src/operations/wrapped-pair.ts'
import { DeviceError } from '../src/pkcs11/device-error.ts'
import { proveCapabilities } from '../src/strategies/capabilities.ts'
import type { SoftToken } from '../src/testing/index.ts'
import { makeKeyFor, moodyToken, nss, pairNeed, sealNeed, softHsm } from './ways-world.ts'
import { binding, freshToken, rawSession, tenant } from './world.ts'

const curves: readonly PairCurve[] = ['p256', 'secp256k1']
const digest = randomBytes(32)
const needs = [sealNeed, pairNeed]
const cannotWrap = { name: 'CKR_FUNCTION_NOT_SUPPORTED', code: 0x54 }

async function openOn(token: SoftToken, keys: readonly KeyRecord[]): Promise<Keystore> {
  const keystore = await openKeystore({ ...token, ...tenant, keys, probeIntervalMs: 60_000 })
  onTestFinished(() => keystore.close())
  return keystore
}

async function signs(keystore: Keystore, curve: PairCurve, { envelope, publicKey }: KeyPair): Promise<boolean> {
  const signature = await keystore.signWithIssued({ curve, envelope }, binding, digest)
  return verifiesDigest(curve, { signature, digest, publicKey })
}

/** How the private key stands in the envelope. */
async function wayOf(token: SoftToken, keys: readonly KeyRecord[], envelope: Uint8Array): Promise<string> {
  const link = await connect({ ...token, ...tenant }, keys)
  try {
    const { recipients } = decodeEnvelope(envelope)
    return decodeWrappedPair(openPayload(link.context, { tenant, binding, kind: 'issued-pair' }, recipients)).strategy
  } finally {
    link.close()
  }
}

describe('where private keys stay', () => {
  test('SoftHSM wraps those of both curves, NSS those of P-256 alone, and the others are drawn and sealed', async () => {
    const ways: Record<string, string> = {}
    for (const module of [softHsm, nss]) {
      const token = await freshToken(module)
      const keys = await provisionKeys({ ...token, ...tenant, needs, existing: [] })
      const keystore = await openOn(token, keys)
      for (const curve of curves) {
        const pair = await keystore.issueKeyPair(curve, binding)
        ways[`${module.name} ${curve}`] = await wayOf(token, keys, pair.envelope)
      }
    }
    expect(ways).toEqual({
      'SoftHSM p256': 'A256KWP-PKCS8',
      'SoftHSM secp256k1': 'A256KWP-PKCS8',
      'NSS p256': 'A256KWP-PKCS8',
      'NSS secp256k1': 'sealed-scalar',
    })
  })

  test('what was drawn goes on signing when the token learns to wrap', async () => {
    const { token, device } = await moodyToken()
    device.fail(['C_WrapKey'], cannotWrap)
    const drawn = await provisionKeys({ ...token, ...tenant, needs, existing: [] })
    expect(drawn.map(({ strategy }) => strategy)).toEqual(['hsm-gcm', 'sealed-scalar'])
    const before = await openOn(token, drawn)
    const pairs = await Promise.all(curves.map((curve) => before.issueKeyPair(curve, binding)))
    await before.close()
    device.mend()
    const newer = await makeKeyFor({ ...token, ...tenant }, { job: 'wrap-pair', strategy: 'A256KWP-PKCS8', version: 2 })
    const after = await openOn(token, [...drawn, newer])
    for (const [at, curve] of curves.entries()) expect(await signs(after, curve, pairs[at] as KeyPair)).toBe(true)
    const inside = await after.issueKeyPair('p256', binding)
    expect(await wayOf(token, [...drawn, newer], inside.envelope)).toBe('A256KWP-PKCS8')
  })

  test('CBC with padding and a MAC wraps on NSS, for tokens that know nothing better', async () => {
    const token = await freshToken(nss)
    const seal = await provisionKeys({ ...token, ...tenant, needs: [sealNeed], existing: [] })
    const keys = [...seal]
    const pairs: KeyPair[] = []
    for (const [at, strategy] of ['cbc-pad-pkcs8-hmac', 'cbc-pad-pkcs8-hmac-sha256'].entries()) {
      keys.push(await makeKeyFor({ ...token, ...tenant }, { job: 'wrap-pair', strategy, version: at + 1 }))
      const keystore = await openOn(token, keys)
      pairs.push(await keystore.issueKeyPair('p256', binding))
      expect(await wayOf(token, keys, pairs[at]?.envelope ?? new Uint8Array())).toBe(strategy)
      await keystore.close()
    }
    const last = await openOn(token, keys)
    for (const pair of pairs) expect(await signs(last, 'p256', pair)).toBe(true)
  })

  test('a token that goes away while it is tried is away, and not one that cannot', async () => {
    const { token, device } = await moodyToken()
    const gone = { name: 'CKR_DEVICE_REMOVED', code: 0x32 }
    const capabilities = proveCapabilities(() => rawSession(token))
    device.fail(['C_WrapKey', 'C_GenerateRandom'], gone)
    expect(() => capabilities.pairWrap('p256')).toThrow(DeviceError)
    device.mend()
    device.fail(['C_WrapKey', 'C_GenerateRandom'], gone)
    const attempt = provisionKeys({ ...token, ...tenant, needs: [sealNeed, pairNeed], existing: [] })
    await expect(attempt).rejects.toThrow(HsmUnavailable)
  })
})

describe('a newer version of the key that wraps private keys', () => {
  test('takes over a recipient inside the token, and the older one is needed no more', async () => {
    const token = await freshToken(softHsm)
    const keys = await provisionKeys({ ...token, ...tenant, needs, existing: [] })
    const before = await openOn(token, keys)
    const pair = await before.issueKeyPair('secp256k1', binding)
    await before.close()
    const newer = await makeKeyFor({ ...token, ...tenant }, { job: 'wrap-pair', strategy: 'A256KWP-PKCS8', version: 2 })
    const link = await connect({ ...token, ...tenant }, [...keys, newer])
    const recipient = renewPair(link.context, { envelope: pair.envelope, binding })
    link.close()
    const envelope = encodeEnvelope({ ...decodeEnvelope(pair.envelope), recipients: [recipient] })
    const seal = keys.filter(({ job }) => job === 'seal')
    const after = await openOn(token, [...seal, newer])
    expect(await signs(after, 'secp256k1', { ...pair, envelope })).toBe(true)
    await expect(signs(after, 'secp256k1', pair)).rejects.toThrow(Unopenable)
  })

  test('rotates with the seal key: a pair that was completed needs neither of the old ones', async () => {
    const token = await freshToken(softHsm)
    const keys = await provisionKeys({ ...token, ...tenant, needs, existing: [] })
    const before = await openOn(token, keys)
    const pair = await before.issueKeyPair('p256', binding)
    await before.close()
    const newer = [
      await makeKeyFor({ ...token, ...tenant }, { job: 'seal', strategy: 'hsm-gcm', version: 2 }),
      await makeKeyFor({ ...token, ...tenant }, { job: 'wrap-pair', strategy: 'A256KWP-PKCS8', version: 2 }),
    ]
    const both = await openOn(token, [...keys, ...newer])
    expect(both.lacksRecipients(pair.envelope)).toBe(true)
    const envelope = (await both.completeRecipients(pair.envelope, binding)) ?? pair.envelope
    await both.close()
    const after = await openOn(token, newer)
    expect(await signs(after, 'p256', { ...pair, envelope })).toBe(true)
    await expect(signs(after, 'p256', pair)).rejects.toThrow(Unopenable)
  })
})

describe('what leaves', () => {
  test('no signature that does not verify, which can give the private key away', async () => {
    const token = await freshToken(softHsm)
    for (const curve of curves) {
      const session = rawSession(token)
      const { math, parameters: ecParams } = pairCurves[curve]
      const [value, other] = [math.utils.randomSecretKey(), math.utils.randomSecretKey()]
      const key = session.createObject({ ...signingHalf, ecParams, value })
      const [publicKey, foreign] = [math.getPublicKey(value, false), math.getPublicKey(other, false)]
      const message = randomBytes(32)
      const sign = session.sign.bind(session)
      for (const what of [{ digest }, { digest: sha256(message), message }]) {
        session.sign = sign
        expect(signDigest(session, curve, { key, publicKey, ...what })).toHaveLength(64)
        expect(() => signDigest(session, curve, { key, publicKey: foreign, ...what })).toThrow(DeviceError)
        session.sign = (...call) => sign(...call).map((byte, at) => (at === 5 ? byte ^ 1 : byte))
        expect(() => signDigest(session, curve, { key, publicKey, ...what })).toThrow(DeviceError)
        session.sign = () => new Uint8Array(63)
        expect(() => signDigest(session, curve, { key, publicKey, ...what })).toThrow(DeviceError)
      }
      session.sign = sign
      // Signed was the digest, and not the message that it is said to be of.
      expect(() => signDigest(session, curve, { key, publicKey, digest, message })).toThrow(DeviceError)
    }
  })

  test('a private key has 32 bytes, whatever zeros the token leaves out or puts before it', async () => {
    const session = rawSession(await freshToken(softHsm))
    const number = Uint8Array.from({ length: 31 }, (_, at) => at + 1)
    for (const value of [number, Uint8Array.of(0, ...number), Uint8Array.of(0, 0, ...number)]) {
      session.readAttribute = () => Uint8Array.from(value)
      expect([...readScalar(session, Buffer.alloc(0))]).toEqual([0, ...number])
    }
    session.readAttribute = () => new Uint8Array(33).fill(1)
    expect(() => readScalar(session, Buffer.alloc(0))).toThrow(DeviceError)
  })
})

test('a wrapped pair has one encoding, and nothing else decodes', () => {
  const pairs = fc.record({
    curve: fc.constantFrom(...curves),
    publicKey: fc.uint8Array({ minLength: 65, maxLength: 65 }),
    strategy: fc.string({ maxLength: 20 }),
    wrapperId: fc.uint8Array({ maxLength: 64 }),
    wrapped: fc.uint8Array({ minLength: 1, maxLength: 300 }),
  })
  fc.assert(
    fc.property(pairs, (pair) => {
      expect(decodeWrappedPair(Uint8Array.from(encodeWrappedPair(pair)))).toEqual(pair)
    }),
  )
  const bytes = encodeWrappedPair({
    curve: 'p256',
    publicKey: pairCurves.p256.math.getPublicKey(new Uint8Array(32).fill(1), false),
    strategy: 'sealed-scalar',
    wrapperId: new Uint8Array(),
    wrapped: new Uint8Array(32).fill(1),
  })
  for (let length = 0; length < bytes.length; length++) {
    expect(() => decodeWrappedPair(bytes.subarray(0, length))).toThrow(Unopenable)
  }
  expect(() => decodeWrappedPair(Uint8Array.of(...bytes, 0))).toThrow(Unopenable)
  expect(() => decodeWrappedPair(Uint8Array.from(bytes).fill(0x71, 1, 5))).toThrow(Unopenable)
})
