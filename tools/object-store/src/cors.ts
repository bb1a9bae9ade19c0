import type { IncomingMessage } from 'node:http'

/** Origins whose pages may upload and read, or all. */
export type Origins = readonly string[] | 'any'

const methods = ['GET', 'HEAD', 'POST']

/** What a browser must hear before it shows an answer to a page; nothing for a page of another origin. */
export function corsHeaders({ headers: { origin } }: IncomingMessage, origins: Origins): Record<string, string> {
  if (origin === undefined || !isAllowed(origin, origins)) return {}
  return {
    'access-control-allow-origin': origins === 'any' ? '*' : origin,
    'access-control-expose-headers': 'ETag, Location',
    vary: 'Origin',
  }
}

/** What answers a preflight; `undefined`: it is refused. */
export function preflightHeaders(request: IncomingMessage, origins: Origins): Record<string, string> | undefined {
  const { origin, 'access-control-request-method': method = '' } = request.headers
  if (origin === undefined || !isAllowed(origin, origins) || !methods.includes(method)) return undefined
  const wanted = request.headers['access-control-request-headers']
  return {
    ...corsHeaders(request, origins),
    'access-control-allow-methods': methods.join(', '),
    ...(wanted !== undefined && { 'access-control-allow-headers': wanted }),
    'access-control-max-age': '600',
  }
}

const isAllowed = (origin: string, origins: Origins): boolean => origins === 'any' || origins.includes(origin)
