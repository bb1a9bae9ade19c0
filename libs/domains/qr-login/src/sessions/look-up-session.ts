import type { Secret } from '@strongroom/crypto'
import { implement, reply } from '@strongroom/http'
import { lookUpSession, sessionMissing, tooManyLookups } from './contract.ts'
import type { RelayDeps } from './create-session.ts'
import { isNewDevice, isShortCode, readSessionId } from './rules.ts'
import type { Session, SessionStore } from './store.ts'

export const lookUp = implement<RelayDeps>()(lookUpSession, async ({ params: { lookup }, headers, ip }, deps) => {
  const { sessions, policies } = deps
  if (isShortCode(lookup)) {
    // A code can be guessed: every look-up is counted before it is made, and earns no more than what the approver needs.
    if (!(await sessions.hit(`look-up/${ip}`, policies.lookups))) return tooManyLookups()
    if (!(await sessions.hit('look-up', policies.allLookups))) return tooManyLookups()
    const found = await sessions.findByCode(lookup)
    if (!found) return sessionMissing()
    return reply(200, { sessionId: found.id, publicKey: found.publicKey, status: found.status })
  }
  const id = readSessionId(lookup)
  const session = id ? await sessions.find(id) : undefined
  if (!session) return sessionMissing()
  const answer = { sessionId: session.id, publicKey: session.publicKey, status: session.status }
  return reply(200, { ...answer, ...(await handOut(sessions, session, headers['x-poll-token'])) })
})

/** What the new device came for. With a poll token the payload is taken, else it can be read until the session ends. */
async function handOut(sessions: SessionStore, session: Session, token: Secret | undefined) {
  const { id, status, approverDid, encryptedPayload, pollTokenDigest } = session
  if (status === 'pending' || !isNewDevice(session, token)) return {}
  const payload = pollTokenDigest === undefined ? encryptedPayload : await sessions.takePayload(id)
  return { approverDid, encryptedPayload: payload }
}
