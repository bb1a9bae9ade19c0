import { fromHex } from '@strongroom/crypto'
import { expect, test } from 'vitest'
import vector from '../../../../../test/vectors/hyphen-challenge.json' with { type: 'json' }
import { digestOf, drawChallenge, isSigned } from './challenge-data.ts'

const { challengeData, signature } = vector
const publicKey = fromHex(vector.publicKey)

test('the published signature is over the text of the challenge', () => {
  expect(isSigned(challengeData, { signature, publicKey })).toBe(true)
})

test.each([
  ['another challenge', { challengeData: challengeData.replace(/.$/, '0') }],
  ['another r', { signature: signature.replace(/^./, 'c') }],
  ['another s', { signature: signature.replace(/.$/, '6') }],
  ['r and s swapped', { signature: signature.slice(64) + signature.slice(0, 64) }],
])('%s does not fit', (_, change: Partial<typeof vector>) => {
  const changed = { ...vector, ...change }
  expect(isSigned(changed.challengeData, { signature: changed.signature, publicKey })).toBe(false)
})

test('a challenge is what was drawn, and is found by its digest', () => {
  const drawn = drawChallenge((length) => new Uint8Array(length).fill(7))
  expect(drawn).toEqual({ data: '07'.repeat(32), digest: digestOf('07'.repeat(32)) })
  expect(() => drawChallenge(() => new Uint8Array(31))).toThrow('number of bytes')
})
