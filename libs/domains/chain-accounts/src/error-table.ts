import { refusal } from '@strongroom/http/contract'
import { z } from 'zod'

/**
 * Every refusal of this API: its name on the wire, its HTTP status, its message. Source: the names of the original (Hyphen);
 * `UnknownRoute` and what follows are ours. Clients look for the words "please sign up", in lower case.
 */
export const errors = {
  'please-sign-up': ['PleaseSignUp', 400, 'please sign up first'],
  'please-register-key': ['PleaseRegisterKey', 400, 'this key is not registered'],
  'please-deploy': ['PleaseDeploy', 400, "The account contract needs to be set up on the chain you're using."],
  'invalid-input': ['InvalidRequest', 400, 'the request does not have the declared shape'],
  'unsupported-chain': ['UnsupportedChain', 400, 'this chain is not served'],
  'unsupported-method': ['UnsupportedMethod', 400, 'this login method is not served'],
  'invalid-public-key': ['InvalidPublicKey', 400, 'a public key is x and y of a point on P-256: 128 hex digits'],
  'challenge-expired': ['ChallengeExpired', 400, 'the challenge has expired'],
  'challenge-not-found': ['ChallengeNotFound', 400, 'no such challenge waits for an answer'],
  'two-factor-pending': ['TwoFactorPending', 400, 'the other device has not answered yet'],
  'two-factor-denied': ['TwoFactorDenied', 400, 'the other device refused'],
  'two-factor-expired': ['TwoFactorExpired', 400, 'the request has expired'],
  'already-signed-up': ['AlreadySignedUp', 400, 'this login has an account'],
  'no-destination-device': ['NoDestinationDevice', 400, 'no other device can answer'],
  'invalid-request': ['InvalidRequest', 400, 'this cannot be done now'],
  'invalid-app-secret': ['InvalidAppSecret', 401, 'the app secret is missing or unknown'],
  'invalid-token': ['InvalidToken', 401, 'the token is missing, expired or not valid here'],
  'invalid-provider-token': ['InvalidProviderToken', 401, 'the token of the login provider is not valid here'],
  'invalid-signature': ['InvalidSignature', 401, 'the signature does not fit'],
  'refresh-token-reused': ['RefreshTokenReused', 401, 'the refresh token was used before: sign in again'],
  forbidden: ['Forbidden', 403, 'not allowed'],
  'not-found': ['NotFound', 404, 'not found'],
  'too-many-requests': ['TooManyRequests', 429, 'too many requests'],
  'provider-unavailable': ['ProviderUnavailable', 502, 'the login provider does not answer'],
  'chain-unavailable': ['ChainUnavailable', 503, 'the chain does not answer'],
  'unknown-route': ['NotFound', 404, 'there is nothing at this address'],
  'wrong-method': ['MethodNotAllowed', 405, 'this address is asked with another method'],
  'body-too-large': ['RequestTooLarge', 413, 'the request body is too large'],
  'unsupported-media-type': ['UnsupportedMediaType', 415, 'the media type is not accepted'],
  crashed: ['InternalError', 500, 'an error on our side'],
  unavailable: ['Unavailable', 503, 'temporarily unavailable'],
} as const satisfies Readonly<Record<string, readonly [name: string, status: number, message: string]>>

export type Named = keyof typeof errors

/** A kind of refusal of the table. */
export function named<const Kind extends Named>(kind: Kind) {
  const [, status, title] = errors[kind]
  return refusal({ kind, status, title })
}

/** The same, which tells when to come back: seconds, for `Retry-After`. */
export function namedWithWait<const Kind extends Named>(kind: Kind) {
  const [, status, title] = errors[kind]
  return refusal({ kind, status, title, details: { retryAfter: z.int() } })
}

/** A field whose bad values have a name of their own, by the end of the name that the validator gives it. */
export const fieldErrors: readonly (readonly [field: RegExp, kind: Named])[] = [
  [/(^|\s)publicKey$/, 'invalid-public-key'],
  [/^body (request )?method$/, 'unsupported-method'],
  [/^body (request )?chainName$/, 'unsupported-chain'],
]
