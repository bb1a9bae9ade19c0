import { createPublicKey, randomBytes, randomUUID, verify } from 'node:crypto'
import { askFaces, matchFace } from './faces.ts'
import { DuoRefusal, type DuoParts, type Fields, type Handler, subjectOf, textOf, userOf } from './parts.ts'

const lifetime = 300_000

const registerUser: Handler = async ({ database }, _fields, context) => {
  const subject = subjectOf(context)
  const known = await database.users.get(subject)
  const userId = known?.userId ?? randomUUID()
  await database.users.put(subject, { userId })
  return { success: true, user_id: userId }
}

const getChallenge: Handler = async (parts, _fields, context) => {
  await userOf(parts, context)
  const challenge = randomBytes(32).toString('hex')
  await parts.database.challenges.put(context.params['key'] ?? '', { challenge, expiresAt: parts.now() + lifetime })
  return { challenge, ttl_seconds: lifetime / 1000 }
}

/** The challenge stays where it is until its time is over. */
async function proveDevice({ database, now }: DuoParts, fields: Fields): Promise<string> {
  const key = textOf(fields, 'device_id')
  const cached = await database.challenges.get(key)
  if (!cached) throw new DuoRefusal(400, 100502, 'Challenge not found')
  if (cached.expiresAt < now()) throw new DuoRefusal(400, 100503, 'Challenge expired')
  const message = Buffer.from(JSON.stringify({ challenge: cached.challenge }))
  const bytes = Buffer.from(key, 'hex')
  const [x, y] = [bytes.subarray(1, 33), bytes.subarray(33)].map((part) => part.toString('base64url'))
  const publicKey = createPublicKey({ format: 'jwk', key: { kty: 'EC', crv: 'P-256', x: x ?? '', y: y ?? '' } })
  const signature = Buffer.from(textOf(fields, 'signature'), 'hex')
  if (!verify('sha256', message, publicKey, signature)) throw new DuoRefusal(401, 100501, 'Invalid device signature')
  return key
}

const registerDevice: Handler = async (parts, fields, context) => {
  const { database } = parts
  const user = await userOf(parts, context)
  const key = await proveDevice(parts, fields)
  const known = await database.devices.get(key)
  if (known && known.userId !== user.id) throw new DuoRefusal(409, 100401, 'Device registered to another user')
  if (known) return { success: true, message: 'Device already registered' }
  if (await database.faces.get(user.subject)) {
    if (fields['face_scan'] === undefined) throw new DuoRefusal(403, 100702, 'Face verification required')
    await matchFace(parts, user.subject, fields)
  }
  const { device_name: name = null } = fields as { device_name?: string }
  await database.devices.put(key, { userId: user.id, name, active: true })
  context.status = 201
  return { success: true, message: 'Device registered successfully' }
}

/** By the token alone. */
const registerFace: Handler = async (parts, fields, context) => {
  const { subject } = await userOf(parts, context)
  const isKept = await askFaces(parts, '/enrollment-3d', { ref: subject, fields })
  if (!isKept) throw new DuoRefusal(403, 100704, 'Face liveness check failed')
  await parts.database.faces.put(subject, { ref: subject, failures: 0, since: 0 })
  context.status = 201
  return { success: true }
}

const revoke: Handler = async (parts, _fields, context) => {
  const user = await userOf(parts, context)
  const key = context.params['key'] ?? ''
  const device = await parts.database.devices.get(key)
  if (!device) throw new DuoRefusal(404, 100402, 'Device not registered')
  if (device.userId !== user.id) throw new DuoRefusal(409, 100401, 'Device registered to another user')
  await parts.database.devices.put(key, { ...device, active: false })
  return { success: true }
}

export const deviceRoutes: Readonly<Record<string, Handler>> = {
  'POST /auth/users/register': registerUser,
  'GET /auth/devices/challenge/:key': getChallenge,
  'POST /auth/devices/register': registerDevice,
  'POST /auth/face/register': registerFace,
  'DELETE /v2/devices/:key': revoke,
}
