import { endpoint } from '@strongroom/http/contract'
import { z } from 'zod'
import { appSecret } from '../apps/contract.ts'
import { invalidToken, refreshTokenReused, tooManyRequests } from '../refusals.ts'
import { Credentials } from '../shapes.ts'

const LONGEST_TOKEN = 4096

export const refreshTokens = endpoint({
  method: 'POST',
  path: '/auth/v1/refresh',
  summary:
    'A new access token, and a refresh token that takes the place of this one. Brought once more it ends the sign-in, but for half a minute, in which it is answered the same again.',
  proof: appSecret,
  body: z.object({ refreshToken: z.string().min(1).max(LONGEST_TOKEN) }),
  reply: { 200: z.object({ credentials: Credentials }) },
  refusals: [invalidToken, refreshTokenReused, tooManyRequests],
})

const Jwk = z.object({
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  x: z.string(),
  y: z.string(),
  alg: z.literal('ES256'),
  use: z.literal('sig'),
  kid: z.string(),
})

export const publishedKeys = endpoint({
  method: 'GET',
  path: '/.well-known/jwks.json',
  summary: 'The public keys of our tokens (RFC 7517): every live version, the one that signs first.',
  reply: { 200: z.object({ keys: z.array(Jwk) }) },
  refusals: [],
})
