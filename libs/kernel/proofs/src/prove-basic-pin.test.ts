import { Secret } from '@strongroom/crypto'
import { Refusal } from '@strongroom/http'
import { expect, test } from 'vitest'
import { proveBasicPin } from './prove-basic-pin.ts'

const input = { params: undefined, query: undefined, body: undefined }
const request = { method: 'GET', target: '/', rawHeaders: [], body: new Uint8Array(), input, ip: '127.0.0.1' }
const prove = (authorization: string | undefined) =>
  proveBasicPin.prove({ ...request, headers: authorization === undefined ? {} : { authorization } }, {})
const basic = (credentials: string | Uint8Array) => `Basic ${Buffer.from(credentials).toString('base64')}`

test.each([
  [':1234', '1234'],
  ['user:1234', '1234'],
  [':12:34', '12:34'],
  ['::1234', ':1234'],
  [':#!Pa$$wörD', '#!Pa$$wörD'],
  [`:${'x'.repeat(256)}`, 'x'.repeat(256)],
])('the PIN of %j is everything after the first colon', (credentials, pin) => {
  const proved = prove(basic(credentials))
  expect(proved instanceof Secret && proved.equals(new Secret(pin))).toBe(true)
})

test.each([
  ['nothing', undefined],
  ['another scheme', 'Bearer abcd'],
  ['a scheme in lower case', basic(':1234').toLowerCase()],
  ['no colon', basic('1234')],
  ['three characters', basic(':123')],
  ['257 characters', basic(`:${'x'.repeat(257)}`)],
  ['a line feed', basic(':1234\n')],
  ['bytes that are no text', basic(Uint8Array.of(0x3a, 0xff, 0xfe, 0xfd, 0xfc))],
  ['base64 with something after it', `${basic(':1234')} `],
])('%s is no PIN, and the refusal names the header alone', (_, authorization) => {
  const refused = prove(authorization)
  expect(refused instanceof Refusal && [refused.kind, refused.details]).toEqual([
    'invalid-input',
    { field: 'header authorization' },
  ])
})
