import { sha256, toBase64url } from '@strongroom/crypto'
import type { Keystore } from '@strongroom/hsm'
import { implement, reply } from '@strongroom/http'
import { endpoint } from '@strongroom/http/contract'
import { z } from 'zod'
import { EVENT_USE } from './names.ts'

const Jwk = z.object({
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  x: z.string(),
  y: z.string(),
  kid: z.string(),
  use: z.literal('sig'),
})

export const getEventKeys = endpoint({
  method: 'GET',
  path: '/auth/events/keys',
  summary: 'The key that events to the operator’s webhook are signed with: a JSON Web Key Set.',
  reply: { 200: z.object({ keys: z.array(Jwk) }) },
  refusals: [],
})

/** The key's own name: the start of its digest. */
export const keyIdOf = (point: Uint8Array): string => toBase64url(sha256(point).subarray(0, 12))

export const eventKeys = implement<{ hsm: Keystore }>()(getEventKeys, async (_, { hsm }) => {
  const point = await hsm.publicKey(EVENT_USE)
  const [x, y] = [toBase64url(point.subarray(1, 33)), toBase64url(point.subarray(33))]
  return reply(200, { keys: [{ kty: 'EC', crv: 'P-256', x, y, kid: keyIdOf(point), use: 'sig' }] })
})
