import { Secret } from '@strongroom/crypto'
import { expect, test } from 'vitest'
import { textOf } from './did.ts'
import { EmailShareError, fromEmailShare, toEmailShare } from './email-share.ts'
import { shareFromHex, shareToHex } from './shares.ts'

const hex = `47dee4${'5a'.repeat(30)}`
const mailed = `000c${hex}`

test('version 12 of 47dee4… is mailed as 000c47dee4…, and comes back', () => {
  expect(textOf(toEmailShare({ share: shareFromHex(hex), shareVersion: 12 }))).toBe(mailed)
  const { share, shareVersion } = fromEmailShare(new Secret(mailed))
  expect([shareToHex(share), shareVersion]).toEqual([hex, 12])
})

test('line breaks of a mail, and capitals, are forgiven', () => {
  const wrapped = ` ${mailed.slice(0, 30).toUpperCase()}\r\n${mailed.slice(30)}\n`
  expect(fromEmailShare(new Secret(wrapped)).shareVersion).toBe(12)
})

test.each([
  ['shorter', mailed.slice(1)],
  ['longer', `${mailed}0`],
  ['no hex', mailed.replace('47', 'zz')],
  ['of version 0', `0000${hex}`],
])('a text that is %s is refused, and not repeated', (_, text) => {
  expect(() => fromEmailShare(new Secret(text))).toThrow(EmailShareError)
  expect(() => fromEmailShare(new Secret(text))).toThrow(/^not a recovery key as it was mailed$/)
})

test.each([0, -1, 1.5, 65_536, Number.NaN])('a version %d has no such form', (shareVersion) => {
  expect(() => toEmailShare({ share: shareFromHex(hex), shareVersion })).toThrow(RangeError)
})
