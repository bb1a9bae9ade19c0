import type { Keystore } from '@strongroom/hsm'
import type { Limiter, Refusal } from '@strongroom/http'
import type { Access } from '@strongroom/proofs'
import type { Database } from '@strongroom/storage'
import type { Policies } from '../policies.ts'
import { tooManyRequests, userDisabled, userNotRegistered } from './contract.ts'
import { nameUser } from './names.ts'
import { findUser, type User } from './store.ts'

export interface UserDeps {
  readonly database: Database
  readonly hsm: Keystore
  readonly policies: Policies
  /** Requests of one user, by the name that a token gives them. */
  readonly requests: Limiter
  /** Challenges of one user, by the same name. */
  readonly challenges: Limiter
  /** UUID, version 4. */
  readonly newId: () => string
}

export type UserRefusal = Refusal<'user-not-registered'> | Refusal<'user-disabled'> | Refusal<'too-many-requests'>

/** The registered user that an access token names. */
export async function nameCaller({ database, hsm, requests }: UserDeps, access: Access): Promise<User | UserRefusal> {
  const lookup = await nameUser(hsm, access)
  const limited = await takeRequest(requests, lookup)
  if (limited) return limited
  const user = await findUser(database.reading, lookup)
  if (!user) return userNotRegistered()
  return user.disabled ? userDisabled() : user
}

export async function takeRequest(
  requests: Limiter,
  lookup: Uint8Array,
): Promise<Refusal<'too-many-requests'> | undefined> {
  const until = await requests.take(Buffer.from(lookup).toString('hex'))
  return until && tooManyRequests({ retryAfter: secondsTo(until) })
}

/** At least one: `Retry-After: 0` would invite the next try at once. */
export const secondsTo = (until: Date): number => Math.max(1, Math.ceil((until.getTime() - Date.now()) / 1000))

/** RFC 3339, UTC, whole seconds. */
export const timestamp = (at: Date): string => at.toISOString().replace(/\.\d{3}Z$/, 'Z')
