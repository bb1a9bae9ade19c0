import { z } from 'zod'

/** By the JWT header `typ`: a token of one kind is none of another. */
export const tokenTypes = { access: 'at+jwt', refresh: 'rt+jwt', request: '2fa+jwt' } as const
export type TokenKind = keyof typeof tokenTypes

const every = {
  iss: z.string(),
  /** The account. */
  sub: z.uuid(),
  /** The app. */
  aud: z.uuid(),
  iat: z.int(),
  exp: z.int(),
  /** 32 random bytes, base64url. */
  jti: z.string().regex(/^[\w-]{43}$/),
}

const session = {
  ...every,
  /** The family: all tokens that follow from one sign-in. */
  sid: z.uuid(),
  /** RFC 7638, of the key that signed in: whoever re-points a family at another key makes tokens that fit none. */
  key: z.string(),
}

export const REQUEST_SCOPE = '2fa:'

/** What each kind says. Strict: what we did not write is not ours. */
export const claimsOf = {
  access: z.strictObject(session),
  refresh: z.strictObject(session),
  request: z.strictObject({ ...every, scope: z.string().startsWith(REQUEST_SCOPE) }),
} as const

export type Claims<Kind extends TokenKind> = z.output<(typeof claimsOf)[Kind]>

/** What the caller of `mint` says: the rest is the same in all. */
export type Said<Kind extends TokenKind> = Omit<Claims<Kind>, 'iss' | 'iat' | 'exp' | 'jti'>

export const secondsOf = (time: Date): number => Math.floor(time.getTime() / 1000)
