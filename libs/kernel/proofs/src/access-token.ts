import { type Proof, refusal } from '@strongroom/http/contract'

/** Whom an OAuth 2.0 access token speaks for. */
export interface Access {
  readonly issuer: string
  readonly subject: string
  readonly scopes: readonly string[]
}

export const accessTokenMissing = refusal({
  kind: 'access-token-missing',
  status: 401,
  title: 'Missing or malformed access token',
})
export const accessTokenExpired = refusal({ kind: 'access-token-expired', status: 401, title: 'Access token expired' })
export const accessTokenInvalid = refusal({ kind: 'access-token-invalid', status: 401, title: 'Access token invalid' })
export const issuerUnavailable = refusal({
  kind: 'issuer-unavailable',
  status: 503,
  title: 'Identity provider unavailable',
})
export const scopeMissing = refusal({ kind: 'scope-missing', status: 403, title: 'Insufficient scope' })

/** A bearer token (RFC 6750) that is a JWT of the configured issuer (RFC 9068), for the configured audience. */
export const accessToken: Proof<Access> = {
  name: 'accessToken',
  scheme: { type: 'http', scheme: 'bearer', description: 'An access token of the configured OpenID Connect issuer.' },
  reads: { header: 'authorization' },
  refusals: [accessTokenMissing, accessTokenExpired, accessTokenInvalid, scopeMissing, issuerUnavailable],
}
