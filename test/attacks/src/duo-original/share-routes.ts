import { matchFace } from './faces.ts'
import { DuoRefusal, type Handler, textOf, userOf } from './parts.ts'

const backUp: Handler = async (parts, fields, context) => {
  const user = await userOf(parts, context)
  const items = fields['keyshares'] as { key_id: string; encrypted_keyshare: string }[]
  for (const { key_id: keyId, encrypted_keyshare: share } of items) {
    const key = await parts.database.keys.get(keyId)
    if (!key) throw new DuoRefusal(404, 100601, 'Key not found')
    if (key.userId !== user.id) throw new DuoRefusal(403, 100602, 'Key belongs to another user')
    await parts.database.backups.put(keyId, { share })
  }
  return { success: true }
}

/** Whose key it is, the row says; what lies in its backup is given out. */
const recover: Handler = async (parts, fields, context) => {
  const user = await userOf(parts, context)
  await matchFace(parts, user.subject, fields)
  const keyshares = []
  for (const keyId of fields['key_ids'] as string[]) {
    const [key, backup] = [await parts.database.keys.get(keyId), await parts.database.backups.get(keyId)]
    if (key && key.userId !== user.id) throw new DuoRefusal(403, 100602, 'Key belongs to another user')
    if (backup && key) keyshares.push({ key_id: keyId, encrypted_keyshare: backup.share })
  }
  if (keyshares.length === 0) throw new DuoRefusal(404, 100301, 'No backup data found for this wallet')
  return { success: true, keyshares }
}

/** The device that a token names is looked up, and nothing else is. */
const keygen: Handler = async ({ database }, fields) => {
  const token = textOf(fields, 'token')
  if (!(await database.devices.get(token))) return 'reject'
  await database.keygens.put(textOf(fields, 'instance'), { token })
  return 'ok'
}

const keyId: Handler = async ({ database }, fields) => {
  const generation = await database.keygens.get(textOf(fields, 'instance'))
  const device = generation && (await database.devices.get(generation.token))
  if (!device) return 'reject'
  await database.keys.put(textOf(fields, 'key_id'), { userId: device.userId })
  return 'ok'
}

const sign: Handler = async ({ database }, fields) => {
  const device = await database.devices.get(textOf(fields, 'token'))
  const [wanted = ''] = (fields['setup'] as { key_id?: string[] }).key_id ?? []
  const key = await database.keys.get(wanted)
  return device && key?.userId === device.userId ? 'ok' : 'reject'
}

export const shareRoutes: Readonly<Record<string, Handler>> = {
  'POST /v2/keyshare/backup': backUp,
  'POST /v2/keyshare/recover': recover,
  'POST /hooks/dkg-setup': keygen,
  'POST /hooks/key-id': keyId,
  'POST /hooks/dsg-setup': sign,
}
