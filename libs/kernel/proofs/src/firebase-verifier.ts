import { isPast, tokenVerifier, type TokenRules, type TokenVerifier } from './token-verifier.ts'

export interface FirebaseOptions extends Pick<TokenRules, 'clock' | 'fetch' | 'onFetchFailed'> {
  readonly projectId: string
  /** `https://securetoken.google.com/<project>` where none is given. */
  readonly issuer?: string
  /** Google's where none is given. */
  readonly keysUrl?: string
}

const googleKeys = 'https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com'
const LONGEST_SUBJECT = 128

/**
 * Verifies ID tokens of Firebase Authentication, by the rules of its page "Verify ID tokens using a third-party JWT library".
 * The tokens of its emulator are not signed, and refused.
 * @throws TypeError where the project is none, or the URL of the keys is not safe.
 */
export function firebaseVerifier({ projectId, issuer, keysUrl = googleKeys, ...rest }: FirebaseOptions): TokenVerifier {
  if (!/^[a-z0-9][a-z0-9:.-]*$/.test(projectId))
    throw new TypeError('a Firebase project is named in lower-case letters')
  const clock = rest.clock ?? (() => new Date())
  const tokens = tokenVerifier({
    ...rest,
    issuer: issuer ?? `https://securetoken.google.com/${projectId}`,
    audience: projectId,
    algorithms: ['RS256'],
    keysUrl,
  })
  const judge: TokenVerifier['judge'] = async (token) => {
    const claims = await tokens.judge(token)
    if (typeof claims === 'string') return claims
    if (claims.subject.length > LONGEST_SUBJECT) return 'invalid'
    return isPast(claims.rest['auth_time'], clock()) ? claims : 'invalid'
  }
  return {
    judge,
    async verify(token) {
      const claims = await judge(token)
      return typeof claims === 'string' ? undefined : claims
    },
  }
}
