import { Secret } from '@strongroom/crypto'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { didOf, isSeedOf } from './did.ts'
import { combineShares, ShareError, shareFromHex, shareToHex, splitSeed } from './shares.ts'

const seedOf = (byte: number) => new Secret(new Uint8Array(32).fill(byte))
const never = () => false
const always = () => true

test('any two of the four give the seed back, whatever the seed', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 32, maxLength: 32 }), async (bytes) => {
      const seed = new Secret(bytes)
      const shares = Object.values(await splitSeed(seed))
      expect(shares.map((share) => share.length)).toEqual([33, 33, 33, 33])
      const [one, other] = [shares[Math.floor(Math.random() * 2)], shares[2 + Math.floor(Math.random() * 2)]]
      const back = await combineShares([one as Secret, other as Secret], isSeedOf(didOf(seed)))
      expect(back.equals(seed)).toBe(true)
    }),
    { numRuns: 50 },
  )
})

test('a seed is split anew each time, and a Buffer is as good as bytes', async () => {
  const seed = new Secret(Buffer.alloc(32, 7))
  const [first, second] = [await splitSeed(seed), await splitSeed(seed)]
  expect(shareToHex(first.auth)).not.toBe(shareToHex(second.auth))
})

test.each([0, 16, 31, 33, 64])('a seed of %i bytes is refused', async (length) => {
  await expect(splitSeed(new Secret(new Uint8Array(length)))).rejects.toThrow(RangeError)
})

test('a share with any one bit changed, or of another split, is noticed and gives no seed', async () => {
  const seed = seedOf(1)
  const check = isSeedOf(didOf(seed))
  const { device, auth } = await splitSeed(seed)
  for (let byte = 0; byte < 32; byte++) {
    const corrupt = Uint8Array.from(auth.expose())
    corrupt[byte] = (corrupt[byte] as number) ^ 1
    await expect(combineShares([device, new Secret(corrupt)], check)).rejects.toMatchObject({ fault: 'wrong-seed' })
  }
  const other = await splitSeed(seed)
  const pair = [device, other.recovery] as const
  // One time in 255 the two have the same x.
  await expect(combineShares(pair, check)).rejects.toThrow(ShareError)
})

test('what the caller does not recognise is not handed out', async () => {
  const { device, auth } = await splitSeed(seedOf(2))
  await expect(combineShares([device, auth], never)).rejects.toMatchObject({ fault: 'wrong-seed' })
})

const share = (length: number, x: number) => {
  const bytes = new Uint8Array(length).fill(9)
  bytes[length - 1] = x
  return new Secret(bytes)
}

test.each([
  ['of one x', [share(33, 4), share(33, 4)], 'same-share'],
  ['of which one is shorter', [share(33, 4), share(32, 5)], 'malformed'],
  ['of which one is longer', [share(34, 4), share(33, 5)], 'malformed'],
  ['that are both too short', [share(17, 4), share(17, 5)], 'malformed'],
  ['of which one is the secret itself', [share(33, 0), share(33, 5)], 'malformed'],
] as const)('two shares %s are refused, whatever the check says', async (_, pair, expected) => {
  await expect(combineShares(pair, always)).rejects.toMatchObject({ fault: expected })
})

test('hex of a share is 66 digits, and no error holds them', () => {
  const text = 'ab'.repeat(33)
  expect(shareToHex(shareFromHex(text.toUpperCase()))).toBe(text)
  for (const wrong of ['', 'ab'.repeat(32), 'ab'.repeat(34), `${'ab'.repeat(32)}zz`]) {
    expect(() => shareFromHex(wrong)).toThrow(ShareError)
  }
  expect(() => shareFromHex('secret'.repeat(11))).toThrow(/^a share is not 33 bytes with an x coordinate$/)
})
