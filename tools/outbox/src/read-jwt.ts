import { type KeyObject, verify } from 'node:crypto'

export interface Claims {
  readonly iss?: unknown
  readonly aud?: unknown
  readonly exp?: unknown
  readonly sub?: unknown
}

/** The claims of a JWT (RFC 7519) that this key signed by RS256 or ES256 and that has not expired; nothing otherwise. */
export function readJwt(jwt: string, key: KeyObject): Claims | undefined {
  const [header = '', payload = '', signature = ''] = jwt.split('.')
  const signed = Buffer.from(`${header}.${payload}`)
  // What signs is known by the key, so the header has no say.
  const how = key.asymmetricKeyType === 'ec' ? ({ key, dsaEncoding: 'ieee-p1363' } as const) : key
  if (!verify('sha256', signed, how, Buffer.from(signature, 'base64url'))) return undefined
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Claims
  return Number(claims.exp) * 1000 > Date.now() ? claims : undefined
}
