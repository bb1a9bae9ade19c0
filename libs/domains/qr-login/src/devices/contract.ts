import { endpoint, refusal } from '@strongroom/http/contract'
import { loginFields, loginToken } from '@strongroom/proofs/contract'
import { z } from 'zod'

const KIBIBYTE = 1024

/** A login token alone may have 16 KiB. */
export const BODY_LIMIT = 32 * KIBIBYTE

/** Text that a client brought, kept as it is: what no database can hold is refused here, not there. */
export const plainText = (most: number) =>
  z
    .string()
    .min(1)
    .max(most)
    .refine((text) => text.isWellFormed() && !text.includes('\u0000'))

export const accountMissing = refusal({
  kind: 'account-missing',
  status: 404,
  title: 'User key not found. Set up SSS first.',
})
export const deviceRefused = refusal({
  kind: 'device-refused',
  status: 400,
  title: 'This device cannot be notified by this server',
})

const Fcm = z.object({
  ...loginFields,
  kind: z.literal('fcm'),
  token: plainText(4096).meta({ description: 'The registration token that Firebase gave the app.' }),
})
const Web = z.object({
  ...loginFields,
  kind: z.literal('web'),
  subscription: z
    .object({ endpoint: plainText(2048), keys: z.object({ p256dh: plainText(128), auth: plainText(64) }) })
    .meta({ description: 'What the browser’s `PushSubscription.toJSON()` gives.' }),
})
/** A device as a client names it, to register it and to remove it. */
export const Device = z.discriminatedUnion('kind', [Fcm, Web])
export type Device = z.output<typeof Device>

export const Done = z.object({ success: z.literal(true) })

export const registerDevice = endpoint({
  method: 'POST',
  path: '/api/qr-login/devices',
  name: 'qrLogin.registerDevice',
  summary: 'Have this device told when another one wants to log in. As often as you like; the last ten are kept.',
  proof: loginToken,
  body: Device,
  bodyLimit: BODY_LIMIT,
  reply: { 200: Done },
  refusals: [accountMissing, deviceRefused],
})

export const removeDevice = endpoint({
  method: 'DELETE',
  path: '/api/qr-login/devices',
  name: 'qrLogin.removeDevice',
  summary: 'No longer tell this device.',
  proof: loginToken,
  body: Device,
  bodyLimit: BODY_LIMIT,
  reply: { 200: Done },
  refusals: [accountMissing],
})
