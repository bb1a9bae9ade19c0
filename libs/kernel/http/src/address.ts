import type { IncomingMessage } from 'node:http'

/**
 * The address to count by. Behind `hops` trusted proxies it is the one that the outermost of them saw; what stands
 * further left in `X-Forwarded-For` was written by the caller and is ignored.
 */
export function clientAddress(request: IncomingMessage, hops: number): string {
  const peer = request.socket.remoteAddress ?? ''
  if (hops === 0) return peer
  const forwarded = [request.headers['x-forwarded-for'] ?? []].flat().join(',')
  const reported = forwarded.split(',').map((one) => one.trim())
  return reported.at(-hops) || peer
}
