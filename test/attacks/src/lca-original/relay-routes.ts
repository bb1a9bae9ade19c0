import { randomUUID } from 'node:crypto'
import { LcaError, type LcaParts, sixDigits, textOf } from './parts.ts'
import type { Handler } from './share-routes.ts'

const open: Handler = async ({ database }, fields) => {
  const publicKey = textOf(fields, 'publicKey')
  const [sessionId, shortCode] = [randomUUID(), `${sixDigits()}00`]
  await database.sessions.put(sessionId, { sessionId, shortCode, publicKey, status: 'pending' })
  await database.codes.put(shortCode, sessionId)
  return { sessionId, shortCode, expiresInSeconds: 120 }
}

const find = async ({ database }: LcaParts, lookup: string) => {
  const id = /^\d{8}$/.test(lookup) ? await database.codes.get(lookup) : lookup
  const session = id === undefined ? undefined : await database.sessions.get(id)
  if (!session) throw new LcaError(500, 'Session not found or expired')
  return session
}

/** Whoever knows the id reads the payload, as often as he likes. */
const look: Handler = async (parts, _fields, { params }) => {
  const { shortCode: _, ...told } = await find(parts, params['lookup'] ?? '')
  return told
}

/** By nobody in particular: checked, then set, and what waits in between is approved twice. */
const approve: Handler = async (parts, fields, { params }) => {
  const encryptedPayload = textOf(fields, 'encryptedPayload')
  const session = await find(parts, params['sessionId'] ?? '')
  if (session.status === 'approved') throw new LcaError(500, 'Session already approved')
  const approverDid = String(fields['approverDid'])
  await parts.database.sessions.put(session.sessionId, {
    ...session,
    status: 'approved',
    encryptedPayload,
    approverDid,
  })
  await parts.database.codes.remove(session.shortCode)
  return { success: true }
}

export const relayRoutes: Readonly<Record<string, Handler>> = {
  'POST /qr-login/session': open,
  'GET /qr-login/session/:lookup': look,
  'POST /qr-login/session/:sessionId/approve': approve,
}
