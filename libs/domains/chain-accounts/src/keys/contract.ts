import { endpoint } from '@strongroom/http/contract'
import { z } from 'zod'
import { PublicKey } from '../public-key.ts'
import { chainUnavailable, forbidden, invalidRequest, notFound, tooManyRequests } from '../refusals.ts'
import { Device, DeviceFields, Key, Nothing } from '../shapes.ts'
import { accountToken } from '../tokens/account-token.ts'

export const listDevices = endpoint({
  method: 'GET',
  path: '/device/v1/devices',
  summary: 'The account’s devices whose keys are not revoked, oldest first.',
  proof: accountToken,
  reply: { 200: z.object({ devices: z.array(Device) }) },
  refusals: [tooManyRequests],
})

export const changeDevice = endpoint({
  method: 'PUT',
  path: '/device/v1/devices/:publicKey',
  summary: 'Change what is told of a device; what is left out stays. Its push token is its own to change.',
  proof: accountToken,
  params: z.object({ publicKey: PublicKey }),
  body: DeviceFields,
  reply: { 200: z.object({ device: Device }) },
  refusals: [tooManyRequests, notFound, forbidden],
})

export const listKeys = endpoint({
  method: 'GET',
  path: '/key/v1/keys',
  summary: 'The account’s keys by their index.',
  proof: accountToken,
  query: z.object({ include_revoked: z.enum(['true', 'false']).default('false') }),
  reply: { 200: z.object({ keys: z.array(Key) }) },
  refusals: [tooManyRequests],
})

export const forgetKey = endpoint({
  method: 'DELETE',
  path: '/key/v1/keys/:publicKey',
  summary: 'Forget a key that was revoked on every chain of the account; its sessions end.',
  proof: accountToken,
  params: z.object({ publicKey: PublicKey }),
  reply: { 204: Nothing },
  refusals: [tooManyRequests, notFound, forbidden, invalidRequest, chainUnavailable],
})
