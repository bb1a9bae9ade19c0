import { expect, test } from 'vitest'
import { idOf, signatureOf } from '../test/request-signer.ts'
import { parseSignature } from './signature-header.ts'
import { writeStrkey } from './strkey.ts'

const good = signatureOf({ covered: 'date (request-target)' })
const signature = /signature="([^"]*)"/.exec(good)?.[1] ?? ''

test('is read with the word Signature or without it, with a space behind commas or not, in any order', () => {
  const expected = { keyId: idOf('ann'), covered: ['date', '(request-target)'] }
  for (const text of [good, `Signature ${good}`, `signature ${good}`, good.replaceAll(',', ', ')])
    expect(parseSignature(text)).toMatchObject(expected)
  expect(parseSignature(good.split(',').toReversed().join(','))).toMatchObject(expected)
  expect(parseSignature(good.replace('date (request-target)', 'Date (Request-Target)'))).toMatchObject(expected)
})

const pairs = 'not a list of name="value"'
const params = 'a parameter is unknown, repeated or missing'
const names = 'headers is empty, repeats a name, or names what cannot be signed'
const key = 'keyId is no account key'
const bytes = 'signature is not 64 bytes in base64'

test.each([
  ['nothing', '', pairs],
  ['a bearer token', 'Bearer abc.def.ghi', pairs],
  ['a trailing comma', `${good},`, pairs],
  ['text behind it', `${good} `, pairs],
  ['an open quote', good.slice(0, -1), pairs],
  ['no quotes', good.replaceAll('"', ''), pairs],
  ['the word twice', `Signature Signature ${good}`, pairs],
  ['two folded into one', `${good}, ${good}`, params],
  ['a second key', `${good},keyId="${idOf('eve')}"`, params],
  ['a parameter that nobody knows', `${good},created="1"`, params],
  ['a parameter in another case', good.replace('keyId', 'keyid'), params],
  ['one called __proto__', good.replace('algorithm="ed25519-sha256"', '__proto__="x"'), pairs],
  ['no algorithm', good.replace('algorithm="ed25519-sha256",', ''), params],
  ['no headers', good.replace('headers="date (request-target)",', ''), params],
  ['another algorithm', good.replace('ed25519-sha256', 'hmac-sha256'), 'algorithm is not ed25519-sha256'],
  ['plain Ed25519', good.replace('ed25519-sha256', 'ed25519'), 'algorithm is not ed25519-sha256'],
  ['empty headers', good.replace('date (request-target)', ''), names],
  ['a name twice', good.replace('date (', 'date date ('), names],
  ['a name twice in two cases', good.replace('date (', 'date Date ('), names],
  ['two spaces', good.replace('date (', 'date  ('), names],
  ['a derived field of another draft', good.replace('date', '(created)'), names],
  ['a colon in a name', good.replace('date', 'date:'), names],
  ['a key in lower case', good.replace(idOf('ann'), idOf('ann').toLowerCase()), key],
  [
    'a key of small order, for which one signature fits all',
    good.replace(idOf('ann'), writeStrkey('account', new Uint8Array(32).fill(1, 0, 1))),
    key,
  ],
  ['a seed', good.replace(idOf('ann'), writeStrkey('seed', new Uint8Array(32).fill(7))), key],
  ['a signature in base64url', good.replace(signature, Buffer.from(signature, 'base64').toString('base64url')), bytes],
  ['a signature of 63 bytes', good.replace(signature, Buffer.alloc(63).toString('base64')), bytes],
  ['a signature with bits left over', good.replace(/.=="$/, (end) => `${end.startsWith('w') ? 'x' : 'B'}=="`), bytes],
])('%s is unreadable', (_, text, reason) => {
  expect(parseSignature(text)).toBe(reason)
})
