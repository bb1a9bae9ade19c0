import { fromHex, Secret, toHex } from '@strongroom/crypto'
import { wordlist } from '@scure/bip39/wordlists/english.js'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import vectors from '../test/vectors/learncard-formats.json' with { type: 'json' }
import { textOf } from './did.ts'
import { fromPhrase, PhraseError, toPhrase } from './phrase.ts'

const { share, first, times, last } = vectors.phrase
const published = `${`${first} `.repeat(times)}${last}`
const read = (text: string) => toHex(fromPhrase(new Secret(text)).expose())

test('the published phrase, both ways', () => {
  expect(textOf(toPhrase(new Secret(fromHex(share))))).toBe(published)
  expect(read(published)).toBe(share)
})

test('every share has a phrase of 25 words and comes back', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 33, maxLength: 33 }), (bytes) => {
      const phrase = toPhrase(new Secret(bytes))
      expect(textOf(phrase).split(' ')).toHaveLength(25)
      expect(fromPhrase(phrase).equals(bytes)).toBe(true)
    }),
  )
})

test('case and white space are forgiven', () => {
  expect(read(`\n  ${published.toUpperCase().replaceAll(' ', ' \t\n')} `)).toBe(share)
})

const fault = (text: string) => {
  try {
    return read(text)
  } catch (error) {
    return error instanceof PhraseError ? [error.fault, error.word, error.message] : error
  }
}

test('a word that is not in the list is named by its place, never by itself', () => {
  const typo = published.replace('ability', 'abillity')
  expect(fault(typo)).toEqual(['unknown-word', 24, 'a word of the recovery phrase is not in the list'])
})

test.each([
  ['too few', published.replace('abandon ', '')],
  ['too many', `abandon ${published}`],
  ['none', '  '],
])('%s words are refused', (_, text) => {
  expect(fault(text)).toMatchObject(['length', undefined, expect.any(String)])
})

test('a word taken for another is noticed 255 times in 256', () => {
  const words = published.split(' ')
  const noticed = wordlist.filter((word) => Array.isArray(fault(words.with(3, word).join(' '))))
  expect(noticed.length).toBeGreaterThan(2048 * (250 / 256))
})

test('the three bits behind the checksum are zero: one share has one phrase', () => {
  const at = wordlist.indexOf('business')
  for (const bits of [1, 2, 4]) {
    const other = published.replace('business', wordlist[at + bits] ?? '')
    expect(fault(other)).toMatchObject(['checksum', undefined, expect.any(String)])
  }
})
