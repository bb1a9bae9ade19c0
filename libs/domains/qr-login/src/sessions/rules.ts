import { equalBytes, fromBase64url, type Secret, sha256 } from '@strongroom/crypto'
import type { Session } from './store.ts'

const uuid = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/

/** A session id as stores know it; nothing else is ever asked of one. */
export function readSessionId(text: string): string | undefined {
  const id = text.toLowerCase()
  return uuid.test(id) ? id : undefined
}

export const isShortCode = (text: string): boolean => /^[0-9]{8}$/.test(text)

/** Whether whoever asks is the new device: anyone who knows the id, unless it kept a poll token to itself. */
export function isNewDevice({ pollTokenDigest }: Session, token: Secret | undefined): boolean {
  if (pollTokenDigest === undefined) return true
  return token !== undefined && equalBytes(sha256(token.expose()), fromBase64url(pollTokenDigest))
}
