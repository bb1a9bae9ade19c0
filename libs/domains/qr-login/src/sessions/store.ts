import type { Limit } from '@strongroom/http'

export interface NewSession {
  /** UUID, lower case. */
  readonly id: string
  /** 8 digits. */
  readonly shortCode: string
  readonly publicKey: string
  /** SHA-256 of the poll token, base64url: the payload is for whoever brings the token, once. */
  readonly pollTokenDigest?: string | undefined
}

export interface Session {
  readonly id: string
  readonly publicKey: string
  readonly status: 'pending' | 'approved'
  /** While it is pending. */
  readonly shortCode?: string | undefined
  readonly pollTokenDigest?: string | undefined
  readonly encryptedPayload?: string | undefined
  readonly approverDid?: string | undefined
}

export interface Approval {
  readonly encryptedPayload: string
  readonly approverDid: string
}

/**
 * Where sessions live, seconds at a time. Every method is atomic, over connections and processes; an expired session
 * is as one that never was. Each may throw an outage (`retryAfterSeconds`).
 */
export interface SessionStore {
  /** `full`: `most` sessions are alive. `code-taken`: by another that is alive; draw again. */
  create(
    session: NewSession,
    room: { readonly most: number; readonly lifetime: number },
  ): Promise<'created' | 'code-taken' | 'full'>
  find(id: string): Promise<Session | undefined>
  /** What a stranger may learn who guessed the code of a pending session. */
  findByCode(shortCode: string): Promise<Pick<Session, 'id' | 'publicKey' | 'status'> | undefined>
  /** Of any number at once, one is `approved`. The session then lives for `lifetime` seconds, and its code is gone. */
  approve(id: string, approval: Approval, lifetime: number): Promise<'approved' | 'already-approved' | 'missing'>
  /** Hands the payload out and forgets it: of any number at once, one gets it. */
  takePayload(id: string): Promise<string | undefined>
  /** Counts one; false beyond the limit. A window begins with the first. */
  hit(name: string, limit: Limit): Promise<boolean>
}
