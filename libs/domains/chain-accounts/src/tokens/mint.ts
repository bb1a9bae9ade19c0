import { fromBase64url, type RandomSource, sha256, toBase64url } from '@strongroom/crypto'
import { type Claims, claimsOf, type Said, secondsOf, type TokenKind, tokenTypes } from './claims.ts'
import type { TokenKeys } from './token-keys.ts'

export interface MintDeps {
  readonly keys: TokenKeys
  /** What our tokens name as their issuer. */
  readonly issuer: string
  readonly random: RandomSource
}

export interface Minted {
  readonly token: string
  /** By which a token is kept, where it is kept: SHA-256 of its random part. */
  readonly digest: Uint8Array
  readonly expiresAt: Date
}

/** How long it is good, by the database’s clock. Seconds. */
export interface Span {
  readonly now: Date
  readonly lifetime: number
}

const RANDOM_BYTES = 32

/** Asks the HSM. Throws `HsmUnavailable`. */
export async function mint<Kind extends TokenKind>(
  { keys, issuer, random }: MintDeps,
  kind: Kind,
  { said, now, lifetime }: Span & { said: Said<Kind> },
): Promise<Minted> {
  const iat = secondsOf(now)
  const drawn = random(RANDOM_BYTES)
  if (drawn.length !== RANDOM_BYTES) throw new Error('the random source gave another number of bytes')
  const claims = { iss: issuer, ...said, iat, exp: iat + lifetime, jti: toBase64url(drawn) }
  const token = await keys.sign(tokenTypes[kind], claims)
  return { token, digest: sha256(drawn), expiresAt: new Date((iat + lifetime) * 1000) }
}

/** What a token of ours and of that kind says; whether it is still good is for the database’s clock to say. */
export async function readToken<Kind extends TokenKind>(
  { keys, issuer }: Pick<MintDeps, 'keys' | 'issuer'>,
  kind: Kind,
  token: string,
): Promise<Claims<Kind> | undefined> {
  const { data } = claimsOf[kind].safeParse(await keys.verify(tokenTypes[kind], token))
  return data?.iss === issuer ? (data as Claims<Kind>) : undefined
}

/** The same for any (r, s) of one token, since the signature is not part of it. */
export const digestOf = ({ jti }: { jti: string }): Uint8Array => sha256(fromBase64url(jti))
