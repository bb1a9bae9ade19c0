import { isLoopback } from './loopback.ts'

/** A push service on this machine that stands for all of them, in the development world and in tests. */
export interface LoopbackPush {
  /** `https://127.0.0.1:8026`. */
  readonly url: URL
  /** PEM of the certificate that vouches for it. */
  readonly ca: string
}

/**
 * @throws TypeError unless it is https on this machine, at its root: whoever sets it gets every push.
 */
export function readLoopbackPush({ url: text, ca }: { url: string; ca: string }): LoopbackPush {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || url.protocol !== 'https:' || !isLoopback(url) || url.href !== `${url.origin}/`) {
    throw new TypeError('a push service for development is https on this machine, without a path')
  }
  if (!ca.includes('-----BEGIN CERTIFICATE-----')) throw new TypeError('its certificate is PEM')
  return { url, ca }
}
