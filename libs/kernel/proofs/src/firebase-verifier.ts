import { keySetOf } from './certificate-keys.ts'
import { fetchJson } from './fetch-json.ts'
import { isPast, type TokenRules, type TokenVerifier, verifierOver } from './token-verifier.ts'
import { readTrustedUrl } from './trusted-url.ts'

export interface FirebaseOptions extends Pick<TokenRules, 'clock' | 'fetch' | 'onFetchFailed'> {
  readonly projectId: string
  /** `https://securetoken.google.com/<project>` where none is given. */
  readonly issuer?: string
  /** Of a key set, or of certificates by their key ids. Google's where none is given. */
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
  const url = readTrustedUrl(keysUrl)
  if (!url) throw new TypeError('the URL of a key set is https, or http on this machine, without user and password')
  const rules = {
    ...rest,
    issuer: issuer ?? `https://securetoken.google.com/${projectId}`,
    audience: projectId,
    algorithms: ['RS256'],
  }
  const tokens = verifierOver(rules, async () => keySetOf(await fetchJson(url, rest.fetch)))
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
