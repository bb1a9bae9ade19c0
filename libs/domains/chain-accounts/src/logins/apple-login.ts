import { equalBytes, sha256, toHex, toUtf8 } from '@strongroom/crypto'
import { type Claims, type Clock, type Fetch, tokenVerifier } from '@strongroom/proofs'
import { emailIn } from './claims.ts'
import type { LoginJudge } from './login.ts'
import { asProviderOutage } from './provider-unavailable.ts'

export interface AppleOptions {
  /** Bundle ids and services ids that tokens may be made for: each names an app of one team. */
  readonly clientIds: readonly string[]
  /** `https://appleid.apple.com` where none is given. */
  readonly issuer?: string
  /** Apple’s where none is given. */
  readonly keysUrl?: string
  /** How apps have Apple write the nonce of a request. `unchecked`: a caller that names none may bring any token. */
  readonly nonce?: 'unchecked' | 'plain' | 'sha256'
  readonly clock?: Clock
  readonly fetch?: Fetch
  readonly onFetchFailed?: (code: string) => void
}

const APPLE = 'https://appleid.apple.com'

/** Identity tokens of “Sign in with Apple”, by Apple’s page “Verifying a user”. */
export function appleLogin({
  clientIds,
  issuer = APPLE,
  keysUrl,
  nonce = 'unchecked',
  ...rest
}: AppleOptions): LoginJudge {
  const tokens = tokenVerifier({
    ...rest,
    issuer,
    audience: clientIds,
    // A token for several audiences would be another app's as well.
    algorithms: ['RS256'],
    keysUrl: keysUrl ?? `${APPLE}/auth/keys`,
  })
  return {
    async judge(wish) {
      const claims = await tokens.verify(wish.token).catch(asProviderOutage)
      if (!claims || typeof claims.rest['aud'] !== 'string') return undefined
      if (!hasNonce(claims, { wanted: wish.nonce, form: nonce })) return undefined
      return { provider: 'apple', issuer: claims.issuer, subject: claims.subject, ...emailIn(claims) }
    },
  }
}

interface NonceRule {
  readonly wanted: string | undefined
  readonly form: NonNullable<AppleOptions['nonce']>
}

/** A nonce that the caller names must be in the token, so that a token that was found somewhere is not enough. */
function hasNonce({ rest }: Claims, { wanted, form }: NonceRule): boolean {
  if (wanted === undefined) return form === 'unchecked'
  const { nonce } = rest
  if (typeof nonce !== 'string') return false
  const forms = form === 'unchecked' ? (['plain', 'sha256'] as const) : [form]
  return forms.some((one) =>
    equalBytes(toUtf8(nonce), toUtf8(one === 'plain' ? wanted : toHex(sha256(toUtf8(wanted))))),
  )
}
