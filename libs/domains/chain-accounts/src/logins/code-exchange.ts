import { fromUtf8, Secret, toUtf8 } from '@strongroom/crypto'
import type { TokenVerifier } from '@strongroom/proofs'
import { z } from 'zod'
import { emailIn } from './claims.ts'
import type { Login, LoginWish } from './login.ts'
import { asProviderOutage, ProviderUnavailable } from './provider-unavailable.ts'
import { postForm } from './post-form.ts'

export interface CodeExchangeOptions {
  /** RFC 6749, section 3.2: `https:`, or `http:` on this machine. */
  readonly tokenUrl: URL
  readonly clientId: string
  readonly clientSecret?: Secret
  /** Exactly as apps have them when they ask for codes. Where there are several, a login names its own. */
  readonly redirectUris: readonly string[]
  /** Judges the ID token that the code is exchanged for; made for the client. */
  readonly idTokens: TokenVerifier
}

export interface CodeExchange {
  /** @throws ProviderUnavailable */
  redeem(code: Secret, brought?: Pick<LoginWish, 'codeVerifier' | 'redirectUri'>): Promise<Login | undefined>
}

/** RFC 6749, appendix A.11: printable ASCII. */
const codePattern = /^[\x20-\x7e]{1,2048}$/
const granted = z.object({ id_token: z.string().min(1) })
const refused = z.object({ error: z.string() })

/** Exchanges a redirect code for an ID token (RFC 6749, section 4.1.3; RFC 7636; OpenID Connect Core 1.0, section 3.1.3). */
export function codeExchange(options: CodeExchangeOptions): CodeExchange {
  const { tokenUrl, clientId, clientSecret, redirectUris, idTokens } = options
  return {
    async redeem(code, { codeVerifier, redirectUri: named } = {}) {
      const text = Buffer.from(code.expose()).toString('latin1')
      const redirectUri = placeOf(redirectUris, named)
      if (!codePattern.test(text) || redirectUri === undefined) return undefined
      const form = new URLSearchParams({ grant_type: 'authorization_code', code: text, redirect_uri: redirectUri })
      if (!clientSecret) form.set('client_id', clientId)
      if (codeVerifier) form.set('code_verifier', fromUtf8(codeVerifier.expose()))
      const authorization = clientSecret && basic(clientId, clientSecret)
      const { status, body } = await postForm(tokenUrl, { form, ...(authorization && { authorization }) })
      if (status !== 200) return refusedWith(status, body)
      const { data } = granted.safeParse(body)
      if (!data) throw new ProviderUnavailable('no-id-token')
      const claims = await idTokens.verify(new Secret(toUtf8(data.id_token))).catch(asProviderOutage)
      // Of another provider than Firebase, maybe: its subjects are told apart by their issuer.
      return claims && { provider: 'firebase', issuer: claims.issuer, subject: claims.subject, ...emailIn(claims) }
    },
  }
}

/** One that is not configured is asked for nowhere; of several none is guessed. */
function placeOf(configured: readonly string[], named: string | undefined): string | undefined {
  const fitting = named === undefined ? configured : configured.filter((one) => one === named)
  return fitting.length === 1 ? fitting[0] : undefined
}

/** RFC 6749, section 5.2: only `invalid_grant` is said of the code; the rest is between the provider and us. */
function refusedWith(status: number, body: unknown): undefined {
  const { data } = refused.safeParse(body)
  if (status === 400 && data?.error === 'invalid_grant') return undefined
  throw new ProviderUnavailable(`http-${String(status)}`)
}

/** RFC 6749, section 2.3.1. */
function basic(clientId: string, clientSecret: Secret): string {
  const [id, secret] = [clientId, fromUtf8(clientSecret.expose())].map((one) =>
    new URLSearchParams([['', one]]).toString().slice(1),
  )
  return `Basic ${btoa(`${String(id)}:${String(secret)}`)}`
}
