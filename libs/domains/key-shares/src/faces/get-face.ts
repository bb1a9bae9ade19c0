import { implement, Refusal, reply } from '@strongroom/http'
import { nameCaller, timestamp } from '../users/caller.ts'
import { faceServiceTimeout, faceServiceUnavailable, getFace, getSessionToken } from './contract.ts'
import { FaceServiceUnavailable } from './face-matcher.ts'
import type { FaceDeps } from './guess-face.ts'
import { findFace } from './store.ts'

export const get = implement<FaceDeps>()(getFace, async ({ proof }, deps) => {
  const user = await nameCaller(deps, proof)
  if (user instanceof Refusal) return user
  const face = await findFace(deps.database.reading, user.id)
  const at = face?.registeredAt
  return reply(200, { registered: Boolean(at), registered_at: at ? timestamp(at) : null })
})

export const sessionToken = implement<FaceDeps>()(getSessionToken, async ({ proof, headers }, deps) => {
  const user = await nameCaller(deps, proof)
  if (user instanceof Refusal) return user
  try {
    return reply(200, { session_token: await deps.faces.sessionToken(headers['x-user-agent']) })
  } catch (error) {
    if (!(error instanceof FaceServiceUnavailable)) throw error
    return error.reason === 'timeout' ? faceServiceTimeout() : faceServiceUnavailable()
  }
})
