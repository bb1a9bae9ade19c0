import type { TokenVerifier } from '@strongroom/proofs'
import { emailIn } from './claims.ts'
import { isOfCode, type LoginJudge } from './login.ts'
import type { CodeExchange } from './code-exchange.ts'
import { asProviderOutage } from './provider-unavailable.ts'

export interface FirebaseLogin {
  readonly idTokens: TokenVerifier
  /** Where there is none, a redirect code is refused. */
  readonly codes?: CodeExchange
}

const compactJwt = /^[\w-]+\.[\w-]+\.[\w-]*$/

/**
 * Firebase’s ID tokens, as its SDKs give them, and OAuth redirect codes, as the original’s documents say. What looks like a
 * JWT is never shown to the token endpoint: somebody’s token would leave to where it was not made for.
 */
export const firebaseLogin = ({ idTokens, codes }: FirebaseLogin): LoginJudge => ({
  async judge(wish) {
    const { token, nonce } = wish
    // Neither form has one that we could compare: what is not judged is not taken for judged.
    if (nonce !== undefined) return undefined
    const isJwt = compactJwt.test(Buffer.from(token.expose()).toString('latin1'))
    if (!isJwt) return codes?.redeem(token, wish)
    if (isOfCode(wish)) return undefined
    const claims = await idTokens.verify(token).catch(asProviderOutage)
    return claims && { provider: 'firebase', issuer: claims.issuer, subject: claims.subject, ...emailIn(claims) }
  },
})
