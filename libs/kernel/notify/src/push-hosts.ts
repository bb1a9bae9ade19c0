import { isIP } from 'node:net'
import type { LoopbackPush } from './loopback-push.ts'

/** The push services of Chrome, Firefox, Safari and Edge. */
export const usualPushHosts: readonly string[] = [
  'fcm.googleapis.com',
  'updates.push.services.mozilla.com',
  '*.push.apple.com',
  '*.notify.windows.com',
]

const pattern = /^(\*|(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)+)$/

/**
 * Makes the check of the endpoints that people hand us: https on its usual port, without user and password, at a host by
 * name that a pattern admits (`push.example.com`, `*.example.com`, `*`), or anything at the loopback service.
 * @throws TypeError where a pattern is none.
 */
export function endpointCheck(patterns: readonly string[], loopback?: LoopbackPush): (endpoint: URL) => boolean {
  if (!patterns.every((one) => pattern.test(one))) {
    throw new TypeError('a push host is a name, *. and a name, or * alone')
  }
  return (endpoint) => {
    if (endpoint.protocol !== 'https:' || endpoint.username || endpoint.password) return false
    if (endpoint.origin === loopback?.url.origin) return true
    const named = endpoint.port === '' && !isIP(endpoint.hostname.replace(/^\[|\]$/g, ''))
    return named && patterns.some((one) => admits(one, endpoint.hostname))
  }
}

const admits = (one: string, host: string): boolean =>
  one === '*' || one === host || (one.startsWith('*.') && host.endsWith(one.slice(1)))
