import { expect, test } from 'vitest'
import { isPublicAddress } from './public-address.ts'

test.each(['8.8.8.8', '142.250.1.95', '100.63.255.255', '172.32.0.1', '2607:f8b0:4004::5f', '2a00:1450::1'])(
  '%s is of the Internet',
  (address) => {
    expect(isPublicAddress(address)).toBe(true)
  },
)

test.each(
  [
    ['0.0.0.0', '10.255.255.255', '100.64.0.1', '127.0.0.53', '169.254.169.254', '172.16.0.1', '172.31.255.255'],
    ['192.0.0.1', '192.0.2.1', '192.168.1.1', '198.18.0.1', '203.0.113.1', '224.0.0.1', '255.255.255.255'],
    ['::', '::1', '::ffff:8.8.8.8', '::ffff:127.0.0.1', '::7f00:1', 'fc00::1', 'fd12::1', 'fe80::1', 'ff02::1'],
    ['64:ff9b::7f00:1', '2001::1', '2001:db8::1', '2002:7f00:1::', '3fff::1', 'not an address', ''],
  ].flat(),
)('%j is not', (address) => {
  expect(isPublicAddress(address)).toBe(false)
})
