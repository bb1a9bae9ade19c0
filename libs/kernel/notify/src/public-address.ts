import { lookup } from 'node:dns'
import { BlockList, isIPv4, isIPv6, type LookupFunction } from 'node:net'

/** Not global unicast, or kept for translation, documentation and tests (IANA special-purpose registries, RFC 6890). */
const special = new BlockList()
const ipv4 = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const
// 6to4 and Teredo carry an IPv4 address, a private one too.
const ipv6 = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const
for (const [net, bits] of ipv4) special.addSubnet(net, bits, 'ipv4')
for (const [net, bits] of ipv6) special.addSubnet(net, bits, 'ipv6')
const globalIpv6 = new BlockList()
globalIpv6.addSubnet('2000::', 3, 'ipv6')

/** Whether an IP address is one of the Internet's: not this machine's, not an inner network's, nothing mapped. */
export const isPublicAddress = (address: string): boolean =>
  isIPv6(address)
    ? globalIpv6.check(address, 'ipv6') && !special.check(address, 'ipv6')
    : isIPv4(address) && !special.check(address, 'ipv4')

/** The code of a look-up that found an address of an inner network. */
export const NOT_PUBLIC = 'ENOTPUBLIC'

/**
 * A look-up that finds public addresses or none. Given to the connection itself, so that what is checked is what is
 * dialled: a name that answers otherwise the second time gains nothing.
 */
export const publicLookup =
  (resolve: typeof lookup = lookup): LookupFunction =>
  (host, options, done) => {
    resolve(host, { ...options, all: true }, (error, found) => {
      const [first] = found ?? []
      if (error) return done(error, '')
      if (!first || !found.every(({ address }) => isPublicAddress(address))) {
        return done(Object.assign(new Error('not a public address'), { code: NOT_PUBLIC }), '')
      }
      return options.all ? done(null, found) : done(null, first.address, first.family)
    })
  }
