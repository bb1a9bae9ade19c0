import type { IncomingMessage } from 'node:http'
import { expect, test } from 'vitest'
import { clientAddress } from './address.ts'

const from = (forwarded?: string) =>
  ({
    socket: { remoteAddress: '10.0.0.9' },
    headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
  }) as unknown as IncomingMessage

test.each([
  [0, '6.6.6.6', '10.0.0.9'],
  [1, '6.6.6.6, 9.9.9.9', '9.9.9.9'],
  [2, '6.6.6.6, 9.9.9.9, 10.0.0.1', '9.9.9.9'],
  [1, undefined, '10.0.0.9'],
  [2, '9.9.9.9', '10.0.0.9'],
])('behind %i trusted proxies, %j is %s', (hops, forwarded, address) => {
  expect(clientAddress(from(forwarded), hops)).toBe(address)
})
