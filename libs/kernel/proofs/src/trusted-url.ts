const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/i

/** Whether the host of a URL is this machine: only there may keys travel without TLS. */
export const isLoopback = ({ hostname }: URL): boolean => loopback.test(hostname)

/** A URL that may say whom to trust: `https:`, or `http:` on this machine; no user or password in it. */
export function readTrustedUrl(text: string): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || url.username || url.password) return undefined
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url)) ? url : undefined
}
