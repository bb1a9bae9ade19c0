import { equalBytes, fromBase64url } from '@strongroom/crypto'
import type { Keystore } from '@strongroom/hsm'
import { Refusal } from '@strongroom/http'
import { isGenuineKey, type KeyRow } from '../accounts/key-row.ts'
import { findKey, type NewKey } from '../accounts/keys-store.ts'
import type { Owner } from '../accounts/names.ts'
import { drawUserKey } from '../accounts/new-key.ts'
import { keyBytes } from '../public-key.ts'
import { invalidRequest } from '../refusals.ts'
import type { UserKey } from '../shapes.ts'
import { judgeMaking, type MakingDeps, registrationIn } from './judge-making.ts'

export interface WaitingDeps extends MakingDeps {
  readonly hsm: Keystore
  readonly newId: () => string
}

/** A key that asks to be let in. */
export type WaitingKey = { readonly key: KeyRow } | { readonly key: NewKey; readonly isNew: true }

/**
 * The key that is told: new, or known and waiting. One that counts already signs in by a challenge, and one that was revoked
 * never comes back. Asks the token: before a transaction. @throws Error where the known one is not as we wrote it.
 */
export async function waitingKey(deps: WaitingDeps, owner: Owner, key: UserKey) {
  const { database, hsm, newId } = deps
  const known = await findKey(database.reading, { accountId: owner.id, publicKey: keyBytes(key.publicKey) })
  if (known) return waits(known, key) ? asWritten(hsm, owner, known) : invalidRequest()
  const credential = await judgeMaking(deps, { appId: owner.appId, accountId: owner.id }, key)
  if (credential instanceof Refusal) return credential
  const wish = { id: newId(), state: 'pending', key, ...(credential && { credential }) } as const
  const drawn: WaitingKey = { key: await drawUserKey(hsm, owner, wish), isNew: true }
  return drawn
}

const waits = (known: KeyRow, key: UserKey): boolean =>
  known.state === 'pending' && known.type === 'user-key' && known.kind === key.type && isToldAlike(known, key)

/** Told once more, since an answer may have been lost: its challenge is used up, so it is the kept id that it must name. */
export function isToldAlike({ credentialId }: KeyRow, key: UserKey): boolean {
  const told = registrationIn(key)
  return !told || (credentialId !== null && equalBytes(credentialId, fromBase64url(told.id)))
}

async function asWritten(hsm: Keystore, owner: Owner, key: KeyRow): Promise<WaitingKey> {
  if (!(await isGenuineKey(hsm, owner, key))) throw new Error('a pending key is not as we wrote it')
  return { key }
}
