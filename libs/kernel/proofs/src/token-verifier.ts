import type { Secret } from '@strongroom/crypto'
import { errors, type JWTPayload, jwtVerify } from 'jose'
import { type Fetch, fetchJson } from './fetch-json.ts'
import { type Clock, LEEWAY, readJwt } from './jwt.ts'
import { type Keys, keySet } from './key-set.ts'
import { recentTokens } from './recent-tokens.ts'
import { readTrustedUrl } from './trusted-url.ts'

/** What a token says that was found to be its issuer's. */
export interface Claims {
  readonly issuer: string
  readonly subject: string
  /** Every other claim, as the issuer wrote it. */
  readonly rest: Readonly<Record<string, unknown>>
}

export interface TokenVerifier {
  /**
   * `undefined` for a token that is not valid here and now.
   * @throws KeysUnavailable where the issuer's keys cannot be had.
   */
  verify(token: Secret): Promise<Claims | undefined>
  /** The same, with an expired token that is valid in all else told apart. */
  judge(token: Secret): Promise<Claims | 'expired' | 'invalid'>
}

export interface TokenRules {
  /** Compared exactly with `iss`. */
  readonly issuer: string
  /** One of these must be in `aud`. */
  readonly audience: string | readonly string[]
  /** JWS names of signatures that are accepted; RS256, PS256, ES256 and EdDSA where none are given. */
  readonly algorithms?: readonly string[]
  /**
   * The `typ` that the header must have, such as `at+jwt` (RFC 9068), or several, of which `undefined` is a header without;
   * not judged where none is given.
   */
  readonly typ?: string | readonly (string | undefined)[]
  readonly clock?: Clock
  readonly fetch?: Fetch
  /** Told of each time that the issuer's keys could not be fetched, old ones being served for a day: for the log. */
  readonly onFetchFailed?: (code: string) => void
}

export interface TokenVerifierOptions extends TokenRules {
  /** Of the issuer's JSON Web Key Set: `https:`, or `http:` on this machine. */
  readonly keysUrl: string
}

/**
 * Verifies the signed JWTs of one issuer (RFC 7519): signature, `iss`, `aud`, `exp`, `nbf` and `iat` with 60 seconds of
 * leeway; `exp` and `sub` must be there.
 * @throws TypeError where the options would let in what they should not.
 */
export function tokenVerifier({ keysUrl, ...rules }: TokenVerifierOptions): TokenVerifier {
  const url = readTrustedUrl(keysUrl)
  if (!url) throw new TypeError('the URL of a key set is https, or http on this machine, without user and password')
  return verifierOver(rules, () => fetchJson(url, rules.fetch))
}

const usual = ['RS256', 'PS256', 'ES256', 'EdDSA']
// A MAC here would let anyone sign who can read the public keys.
const asymmetric = /^((RS|PS|ES)(256|384|512)|EdDSA|Ed25519)$/

/** @param load fetches the issuer's JSON Web Key Set. */
export function verifierOver(rules: TokenRules, load: () => Promise<unknown>): TokenVerifier {
  const { issuer, algorithms = usual, clock = () => new Date(), onFetchFailed = () => undefined } = rules
  const audience = [rules.audience].flat()
  if (!issuer) throw new TypeError('a verifier needs an issuer')
  if (audience.length === 0 || audience.includes('')) throw new TypeError('a verifier needs an audience')
  if (algorithms.length === 0 || !algorithms.every((one) => asymmetric.test(one)))
    throw new TypeError('a verifier takes asymmetric signatures only')

  const keys = keySet({ load, clock, onFetchFailed })
  const recent = recentTokens()
  const verifyWith = async (text: string, among: Keys): Promise<JWTPayload | 'unknown key' | 'expired' | 'invalid'> => {
    const now = clock()
    const verified = recent.find(text, among, now)
    if (verified) return verified
    const options = {
      issuer,
      audience,
      algorithms: [...algorithms],
      requiredClaims: ['exp', 'sub'],
      clockTolerance: LEEWAY,
      currentDate: now,
    }
    try {
      const { payload } = await jwtVerify(text, among, options)
      recent.keep(text, payload, { keys: among, now })
      return payload
    } catch (error) {
      if (error instanceof errors.JWTExpired) return 'expired'
      return error instanceof errors.JWKSNoMatchingKey ? 'unknown key' : 'invalid'
    }
  }

  const judge: TokenVerifier['judge'] = async (token) => {
    const jwt = readJwt(token)
    if (!jwt || !algorithms.includes(jwt.header.alg ?? '') || !isOfType(jwt.header.typ, rules)) return 'invalid'
    const known = await keys.current()
    let judged = await verifyWith(jwt.text, known)
    if (judged === 'unknown key') {
      const newer = await keys.newerThan(known)
      judged = newer ? await verifyWith(jwt.text, newer) : 'invalid'
    }
    if (judged === 'expired') return 'expired'
    return typeof judged === 'string' ? 'invalid' : (readClaims(judged, clock()) ?? 'invalid')
  }
  return {
    judge,
    async verify(token) {
      const judged = await judge(token)
      return typeof judged === 'string' ? undefined : judged
    },
  }
}

const isOfType = (typ: unknown, { typ: wanted }: TokenRules): boolean =>
  wanted === undefined || [wanted].flat().some((one) => mediaType(one) === mediaType(typ))

/** RFC 7515 section 4.1.9: of either case, `application/` left out or not. */
const mediaType = (typ: unknown): unknown =>
  typeof typ === 'string' ? typ.toLowerCase().replace(/^application\//, '') : typ

function readClaims({ iss, sub, ...rest }: JWTPayload, now: Date): Claims | undefined {
  if (typeof iss !== 'string' || typeof sub !== 'string' || sub === '') return undefined
  if (rest.iat !== undefined && !isPast(rest.iat, now)) return undefined
  return { issuer: iss, subject: sub, rest }
}

/** Whether a claim is a NumericDate (RFC 7519 section 2) that is not in the future. */
export const isPast = (date: unknown, now: Date): boolean =>
  typeof date === 'number' && date <= now.getTime() / 1000 + LEEWAY
