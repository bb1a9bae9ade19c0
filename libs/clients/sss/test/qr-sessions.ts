import { createHash, randomInt, randomUUID } from 'node:crypto'
import { type Answer, refuse } from './key-records.ts'

type Fields = Readonly<Record<string, unknown>>

interface Session {
  sessionId: string
  shortCode: string
  publicKey: unknown
  pollTokenDigest: unknown
  status: 'pending' | 'approved'
  encryptedPayload?: unknown
  approverDid?: unknown
}

const ok = (body: unknown): Answer => ({ status: 200, body })

/** `/qr-login` as published, and the payload once for whoever holds the poll token. */
export class QrSessions {
  readonly byId = new Map<string, Session>()
  readonly devices: Fields[] = []
  /** What a server between the devices would do to the key that it shows. */
  shownKey: (publicKey: unknown) => unknown = (publicKey) => publicKey

  answer(call: string, fields: Fields, pollToken: string | string[] | undefined): Answer | undefined {
    if (call === 'POST /qr-login/session') return this.#create(fields)
    if (call === 'POST /qr-login/notify') return ok({ sent: this.devices.length > 0, deviceCount: this.devices.length })
    if (call === 'POST /qr-login/devices') return ok({ success: this.devices.push(fields) > 0 })
    if (call === 'DELETE /qr-login/devices') return ok({ success: this.devices.splice(0).length > 0 })
    const [, method, lookup, approve] = /^(GET|POST) \/qr-login\/session\/([^/]+)(\/approve)?$/.exec(call) ?? []
    if (lookup === undefined) return undefined
    const session = [...this.byId.values()].find((one) => [one.sessionId, one.shortCode].includes(lookup))
    if (!session) return refuse(404, 'Session not found or expired')
    if (method === 'POST' && approve !== undefined) return approveOnce(session, fields)
    return ok(this.#show(session, pollToken))
  }

  #create({ publicKey, pollTokenDigest }: Fields): Answer {
    const shortCode = String(randomInt(1e8)).padStart(8, '0')
    const sessionId = randomUUID()
    this.byId.set(sessionId, { sessionId, shortCode, publicKey, pollTokenDigest, status: 'pending' })
    return ok({ sessionId, shortCode, expiresInSeconds: 120 })
  }

  #show(session: Session, pollToken: string | string[] | undefined) {
    const { sessionId, status, encryptedPayload, approverDid, pollTokenDigest } = session
    const publicKey = this.shownKey(session.publicKey)
    const digest = createHash('sha256').update(String(pollToken)).digest('base64url')
    if (status === 'pending' || digest !== pollTokenDigest) return { sessionId, publicKey, status }
    delete session.encryptedPayload
    return { sessionId, publicKey, status, encryptedPayload, approverDid }
  }
}

function approveOnce(session: Session, { encryptedPayload, approverDid }: Fields): Answer {
  if (session.status === 'approved') return refuse(409, 'Session already approved')
  Object.assign(session, { status: 'approved', encryptedPayload, approverDid })
  return ok({ success: true })
}
