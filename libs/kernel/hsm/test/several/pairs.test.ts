import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { HsmUnavailable, type KeyPair, type Keystore, type PairCurve, Unopenable } from '../../src/index.ts'
import { decodeEnvelope } from '../../src/envelope/codec.ts'
import { verifiesDigest } from '../../src/keys/pair-curves.ts'
import { binding } from '../world.ts'
import { makeRing, testedRings, unplug } from './ring-world.ts'

const curves: readonly PairCurve[] = ['p256', 'secp256k1']
const pairNeed = { job: 'wrap-pair', use: '' } as const

async function signs(keystore: Keystore, curve: PairCurve, { envelope, publicKey }: KeyPair): Promise<boolean> {
  const digest = randomBytes(32)
  const signature = await keystore.signWithIssued({ curve, envelope }, binding, digest)
  return verifiesDigest(curve, { signature, digest, publicKey })
}

describe.each(testedRings)('pairs on $name', (ring) => {
  test('each token alone signs for what either issued, and knows its public key', async () => {
    const { open, openAlone, tokens } = await makeRing(ring, [pairNeed])
    const hsm = await open()
    for (const curve of curves) {
      const pair = await hsm.issueKeyPair(curve, binding)
      expect(decodeEnvelope(pair.envelope).recipients).toHaveLength(2)
      expect(await signs(hsm, curve, pair)).toBe(true)
      for (const token of tokens) {
        const alone = await openAlone(token)
        expect(await signs(alone, curve, pair)).toBe(true)
        expect(await alone.issuedPublicKey({ curve, envelope: pair.envelope }, binding)).toEqual(pair.publicKey)
        await alone.close()
      }
    }
  })

  test('what one token issued alone is completed for the other, for its own row only', async () => {
    const { open, openAlone, tokens } = await makeRing(ring, [pairNeed])
    const hsm = await open()
    for (const [at, token] of tokens.entries()) {
      for (const curve of curves) {
        const alone = await openAlone(token)
        const pair = await alone.issueKeyPair(curve, binding)
        await alone.close()
        expect(hsm.lacksRecipients(pair.envelope)).toBe(true)
        await expect(hsm.completeRecipients(pair.envelope, { ...binding, row: 'other' })).rejects.toThrow(Unopenable)
        const envelope = (await hsm.completeRecipients(pair.envelope, binding)) ?? pair.envelope
        expect(hsm.lacksRecipients(envelope)).toBe(false)
        const other = await openAlone(tokens[1 - at] ?? token)
        expect(await signs(other, curve, { ...pair, envelope })).toBe(true)
        await other.close()
      }
    }
  })

  test('the other token signs while the first is away, and what only the absent one holds is an outage', async () => {
    const { open, openAlone, tokens } = await makeRing(ring, [pairNeed])
    const [first] = tokens
    const hsm = await open()
    const pair = await hsm.issueKeyPair('p256', binding)
    const alone = await openAlone(first)
    const lonely = await alone.issueKeyPair('p256', binding)
    await alone.close()
    unplug(first)
    expect(await signs(hsm, 'p256', pair)).toBe(true)
    await expect(signs(hsm, 'p256', lonely)).rejects.toThrow(HsmUnavailable)
    const later = await hsm.issueKeyPair('p256', binding)
    expect(decodeEnvelope(later.envelope).recipients).toHaveLength(1)
    expect(await signs(hsm, 'p256', later)).toBe(true)
  })
})
