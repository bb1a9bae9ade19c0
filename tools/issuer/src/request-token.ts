import { z } from 'zod'

/** The grant by which whoever asks names the person. Development only: it proves nothing. */
export const personGrant = 'urn:strongroom:development:person'

/** The project that the tokens are made for: their audience, unless another is asked for. */
export const project = 'strongroom-dev'

export interface TokenRequest {
  readonly email?: string
  /** True unless said otherwise. */
  readonly emailVerified?: boolean
  /** E.164. */
  readonly phone?: string
  /** Default: of the person who has the address or number; a new one where nobody has. */
  readonly subject?: string
  /** Default: `strongroom-dev`. */
  readonly audience?: string
  /** `firebase` (the default): an ID token, RS256. `oidc`: an access token (RFC 9068, `at+jwt`), ES256. */
  readonly provider?: 'firebase' | 'oidc'
  /** Seconds, an hour unless said; a token of less than none has expired. */
  readonly lifetime?: number
}

const answer = z.union([
  z.object({ id_token: z.string(), access_token: z.string() }),
  z.object({ error: z.string(), error_description: z.string().default('') }),
])

/**
 * Asks a running issuer for a fresh token.
 * @throws Error with what the issuer found wrong; TypeError where none runs there.
 */
export async function requestToken(issuer: string, request: TokenRequest): Promise<string> {
  const { email, emailVerified = true, phone, subject, audience = project, provider = 'firebase', lifetime } = request
  const fields = {
    grant_type: personGrant,
    client_id: audience,
    ...(email !== undefined && { email, email_verified: String(emailVerified) }),
    ...(phone !== undefined && { phone_number: phone }),
    ...(subject !== undefined && { sub: subject }),
    ...(lifetime !== undefined && { lifetime: String(lifetime) }),
  }
  const response = await fetch(new URL('token', `${issuer}/`), { method: 'POST', body: new URLSearchParams(fields) })
  const told = answer.parse(await response.json())
  if ('error' in told) throw new Error(`${told.error}: ${told.error_description}`)
  return provider === 'firebase' ? told.id_token : told.access_token
}
