import { expect, test } from 'vitest'
import { readVerificationLink } from './verification-link.ts'

const walletId = '388108095960430b80554ac3efb6807a9f286854033aca47f6f466094ab50876'
const meta = { token: 'JOqIgfCNSjnGWDrTPWbW', wallet_id: walletId }
const read = (link: string) => {
  const found = readVerificationLink(link)
  return found && [found.walletId, found.token].map((one) => Buffer.from(one.expose()).toString())
}
const payloadOf = (value: object, encoding: BufferEncoding = 'base64url') =>
  Buffer.from(JSON.stringify(value)).toString(encoding)
const payload = payloadOf({ type: 'api-verify', meta })

test.each([
  ['a whole link', `https://client.example.com/r/${payload}`],
  ['a link with what a mail program adds', `https://client.example.com/app/r/${payload}?utm=mail#top`],
  ['its last part', payload],
  ['padded base64', payloadOf({ type: 'api-verify', meta }, 'base64')],
  ['what was sent before version 4', payloadOf({ status: 200, type: 1, meta })],
])('%s is read', (_, link) => {
  expect(read(link)).toEqual([walletId, meta.token])
})

test.each([
  ['an invitation', payloadOf({ type: 'invite-verify', meta })],
  ['one without a token', payloadOf({ type: 'api-verify', meta: { wallet_id: walletId } })],
  ['one of another wallet’s path', payloadOf({ type: 'api-verify', meta: { ...meta, wallet_id: '../sessions' } })],
  ['one without anything', payloadOf({})],
  ['null', Buffer.from('null').toString('base64url')],
  ['a text', 'hello'],
  ['a page', 'https://client.example.com/'],
])('%s is none', (_, link) => {
  expect(read(link)).toBeUndefined()
})
