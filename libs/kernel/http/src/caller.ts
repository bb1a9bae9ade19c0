import { isIPv6 } from 'node:net'

const GROUPS = 8
const NETWORK_GROUPS = 4

/**
 * Whom a limit counts: an IPv4 address, or the network of an IPv6 address (64 bits), which one caller has all of. Callers
 * without an address share one name.
 */
export function callerOf(ip: string): string {
  const address = ip.replace(/^::ffff:(?=[\d.]+$)/i, '').replace(/%.*$/, '')
  if (!isIPv6(address)) return address || 'unknown'
  const [head = [], tail] = address.split('::').map(groupsOf)
  const missing = tail ? Math.max(0, GROUPS - head.length - tail.length) : 0
  const groups = [...head, ...Array.from({ length: missing }, () => '0'), ...(tail ?? [])]
  const network = groups.slice(0, NETWORK_GROUPS).map((group) => Number.parseInt(group, 16).toString(16))
  return `${network.join(':')}::/64`
}

const groupsOf = (text: string): string[] => text.split(':').filter(Boolean)
