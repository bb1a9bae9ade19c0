import { endpoint } from '@strongroom/http/contract'
import { accessToken } from '@strongroom/proofs/contract'
import { z } from 'zod'
import { coded } from '../code-table.ts'
import { Timestamp, userRefusals } from '../users/contract.ts'
import { DeviceKey } from './device-key.ts'

export const wrongSignature = coded('wrong-signature')
export const noChallenge = coded('no-challenge')
export const challengeExpired = coded('challenge-expired')
export const deviceNotRegistered = coded('device-not-registered')

/** What proving a device may be refused with. */
export const signatureRefusals = [wrongSignature, noChallenge, challengeExpired] as const

export const getChallenge = endpoint({
  method: 'GET',
  path: '/auth/devices/challenge/:device_verifying_key',
  summary: 'A challenge for a device’s key: good once, for five minutes; a newer one takes its place.',
  proof: accessToken,
  params: z.object({ device_verifying_key: DeviceKey }),
  reply: { 200: z.object({ challenge: z.string().regex(/^[0-9a-f]{64}$/), ttl_seconds: z.int() }) },
  refusals: [...userRefusals],
})

export const listDevices = endpoint({
  method: 'GET',
  path: '/v2/devices',
  summary: 'The user’s devices, newest first, revoked ones among them.',
  proof: accessToken,
  reply: {
    200: z.object({
      devices: z.array(
        z.object({
          device_verifying_key: z.string(),
          device_name: z.string().nullable(),
          is_active: z.boolean(),
          created_at: Timestamp,
        }),
      ),
    }),
  },
  refusals: [...userRefusals],
})

export const revokeDevice = endpoint({
  method: 'DELETE',
  path: '/v2/devices/:device_verifying_key',
  summary: 'Revoke a device for good: it generates, signs and enrols nothing any more.',
  proof: accessToken,
  params: z.object({ device_verifying_key: DeviceKey }),
  reply: { 200: z.object({ success: z.literal(true), message: z.literal('Device revoked successfully') }) },
  refusals: [...userRefusals, deviceNotRegistered],
})
