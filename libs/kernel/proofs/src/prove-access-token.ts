import { prover } from '@strongroom/http'
import {
  accessToken,
  accessTokenExpired,
  accessTokenInvalid,
  accessTokenMissing,
  issuerUnavailable,
  scopeMissing,
} from './access-token.ts'
import { readBearer } from './bearer.ts'
import { KeysUnavailable } from './keys-unavailable.ts'
import type { TokenVerifier } from './token-verifier.ts'

export interface AccessTokenDeps {
  readonly accessTokens: TokenVerifier
  /** Scopes that every token must have; none where the issuer knows none. */
  readonly scopes: readonly string[]
}

const LONGEST_SUBJECT = 255

export const proveAccessToken = prover<AccessTokenDeps>()(
  accessToken,
  async ({ headers }, { accessTokens, scopes }) => {
    const token = readBearer(headers)
    if (!token) return accessTokenMissing()
    const judged = await accessTokens.judge(token).catch(nameOutage)
    if (judged === 'expired') return accessTokenExpired()
    if (judged === 'invalid' || !isSubject(judged.subject)) return accessTokenInvalid()
    const granted = readScopes(judged.rest['scope'])
    if (!scopes.every((one) => granted.includes(one))) return scopeMissing()
    return { issuer: judged.issuer, subject: judged.subject, scopes: granted }
  },
)

/** RFC 9068 section 2.2; half a character would be no text that a person could be named by. */
const isSubject = (text: string): boolean => text.length <= LONGEST_SUBJECT && text.isWellFormed()

/** Not our database or token: some APIs tell it apart. */
function nameOutage(error: unknown): never {
  throw error instanceof KeysUnavailable ? Object.assign(error, { refusal: issuerUnavailable() }) : error
}

/** RFC 6749 section 3.3: names with spaces between. */
const readScopes = (scope: unknown): readonly string[] =>
  typeof scope === 'string' ? scope.split(' ').filter(Boolean) : []
