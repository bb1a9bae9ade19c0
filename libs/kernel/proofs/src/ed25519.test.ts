import { createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto'
import { ed25519 } from '@noble/curves/ed25519.js'
import { fromHex, KeyError, sha512, type SignedMessage, toHex, verifyEd25519 } from '@strongroom/crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import vectors from '../../../../test/vectors/rfc8032-71-ed25519.json' with { type: 'json' }
import { isReduced, openEd25519Key, verifyByOpenSsl } from './ed25519.ts'

const { BASE, Fn } = ed25519.Point
const order = Fn.ORDER
const join = (...parts: readonly Uint8Array[]) => Uint8Array.from(Buffer.concat(parts))
const number = (bytes: Uint8Array) => BigInt(`0x${toHex(bytes.toReversed())}`)
const littleEndian = (value: bigint) =>
  Uint8Array.from(Buffer.from(value.toString(16).padStart(64, '0'), 'hex')).toReversed()

/** The measure: the strict verification of `@strongroom/crypto`, to which a bad key is an error. */
function isGood(signed: SignedMessage): boolean {
  try {
    return verifyEd25519(signed)
  } catch (error) {
    if (error instanceof KeyError) return false
    throw error
  }
}

const spki = (key: Uint8Array) =>
  createPublicKey({ key: Buffer.concat([fromHex('302a300506032b6570032100'), key]), format: 'der', type: 'spki' })
const isGoodToOpenSsl = ({ message, signature, publicKey }: SignedMessage) =>
  verify(null, message, spki(publicKey), signature)

test.each(vectors.signatures)('RFC 8032 7.1, $name', (vector) => {
  const [message, signature, publicKey] = [vector.message, vector.signature, vector.publicKey].map(fromHex)
  if (!message || !signature || !publicKey) throw new Error('the vector is not whole')
  expect(verifyByOpenSsl({ message, signature, publicKey })).toBe(true)
  expect(verifyByOpenSsl({ message: join(message, Uint8Array.of(0)), signature, publicKey })).toBe(false)
})

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const signedBy = (seed: Uint8Array, message: Uint8Array): SignedMessage => ({
  message,
  signature: ed25519.sign(message, seed),
  publicKey: ed25519.getPublicKey(seed),
})

test('what is signed is good, and what is changed by a bit is what the strict verification says', () => {
  const parts = ['message', 'signature', 'publicKey'] as const
  fc.assert(
    fc.property(
      fc.tuple(bytes(32), bytes(32)),
      fc.constantFrom(...parts),
      fc.nat(511),
      ([seed, message], part, bit) => {
        const signed = signedBy(seed, message)
        expect(verifyByOpenSsl(signed)).toBe(true)
        const at = (bit >> 3) % signed[part].length
        const changed = { ...signed, [part]: signed[part].with(at, (signed[part][at] as number) ^ (1 << (bit & 7))) }
        expect(verifyByOpenSsl(changed)).toBe(isGood(changed))
      },
    ),
    { numRuns: 60 },
  )
})

test('of any bytes and any lengths it takes nothing that the strict verification refuses', () => {
  const some = fc.uint8Array({ maxLength: 70 })
  const key = fc.oneof(some, bytes(32))
  const signature = fc.oneof(some, bytes(64))
  fc.assert(
    fc.property(some, signature, key, (message, text, publicKey) => {
      const signed = { message, signature: text, publicKey }
      expect(verifyByOpenSsl(signed)).toBe(isGood(signed))
    }),
  )
})

/** The points of small order, each in every encoding that a lenient reader takes: y or y + p, with either sign. */
const smallOrder = [
  '0100000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000080',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0000000000000000000000000000000000000000000000000000000000000080',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
].map(fromHex)

/** A point whose scalar we know, up to a point of small order. */
interface Half {
  readonly scalar: bigint
  readonly encoded: Uint8Array
}
const halves = (scalar: bigint): readonly Half[] => [
  ...smallOrder.map((encoded) => ({ scalar: 0n, encoded })),
  ...smallOrder.map((torsion) => {
    const mixed = BASE.multiply(scalar).add(ed25519.Point.fromBytes(torsion, true))
    return { scalar, encoded: mixed.toBytes() }
  }),
]

/** R and S that fit the equation up to a point of small order, for keys and Rs honest, mixed, small and not canonical. */
function* edges(): Generator<SignedMessage> {
  for (const [index, key] of halves(0x5eedn).entries())
    for (const nonce of halves(0xcafen)) {
      const message = Uint8Array.of(index)
      const k = number(sha512(join(nonce.encoded, key.encoded, message))) % order
      const S = (nonce.scalar + k * key.scalar) % order
      for (const tail of [S, S + order, order - 1n - S])
        yield { message, signature: join(nonce.encoded, littleEndian(tail)), publicKey: key.encoded }
    }
}

test('keys and Rs of small order, mixed or not canonical, S + L: it takes nothing that the strict verification refuses', () => {
  const found = { ours: 0, strict: 0, lenient: 0 }
  for (const signed of edges()) {
    const [ours, strict] = [verifyByOpenSsl(signed), isGood(signed)]
    expect(ours).toBe(strict && isGoodToOpenSsl(signed))
    found.ours += Number(ours)
    found.strict += Number(strict)
    found.lenient += Number(ed25519.verify(signed.signature, signed.message, signed.publicKey, { zip215: true }))
  }
  // The cases bite: a lenient verification takes more, and of those that only a cofactor makes good ours takes none.
  expect(found.ours).toBeGreaterThan(0)
  expect(found.strict).toBeGreaterThan(found.ours)
  expect(found.lenient).toBeGreaterThan(found.strict)
})

test('a key of small order, in whatever encoding, is none', () => {
  for (const key of smallOrder) expect(openEd25519Key(key)).toBeUndefined()
  expect(openEd25519Key(new Uint8Array(31))).toBeUndefined()
})

const withS = (S: bigint) => join(new Uint8Array(32).fill(0xff), littleEndian(S))

test('S is reduced where it is below the order', () => {
  const near = [0n, 1n, order - 1n, order, order + 1n, 2n * order - 1n, 1n << 252n, (1n << 256n) - 1n]
  for (const S of near) expect(isReduced(withS(S))).toBe(S < order)
  fc.assert(fc.property(fc.bigInt(0n, (1n << 256n) - 1n), (S) => isReduced(withS(S)) === S < order))
  fc.assert(fc.property(fc.bigInt(-(1n << 64n), 1n << 64n), (by) => isReduced(withS(order + by)) === by < 0n))
  expect([63, 65, 0].some((length) => isReduced(new Uint8Array(length)))).toBe(false)
})

function newKey() {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  return { privateKey, bytes: new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }).subarray(-32)) }
}

test('the last thousand keys are remembered, one that is used stays, and one that was forgotten is good again', () => {
  const [used, left] = [newKey(), newKey()]
  const [ofUsed, ofLeft] = [openEd25519Key(used.bytes), openEd25519Key(left.bytes)]
  for (let others = 0; others < 1024; others++) {
    openEd25519Key(newKey().bytes)
    if (others % 512 === 0) openEd25519Key(used.bytes)
  }
  expect(openEd25519Key(used.bytes)).toBe(ofUsed)
  const again = openEd25519Key(left.bytes)
  expect(again).not.toBe(ofLeft)
  const message = Buffer.from('message')
  const signature = sign(null, message, left.privateKey)
  expect(verifyByOpenSsl({ message, signature, publicKey: left.bytes })).toBe(true)
})
