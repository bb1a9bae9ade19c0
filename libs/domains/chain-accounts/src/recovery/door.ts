import { canonicalJson, sha256, toHex } from '@strongroom/crypto'
import { Refusal } from '@strongroom/http'
import { armLock, drawLock } from '@strongroom/time-locks'
import type { ChainDeps } from '../accounts/chain-of.ts'
import { canStandOn } from '../accounts/deploy.ts'
import { isGenuineKey, type KeyRow } from '../accounts/key-row.ts'
import { countKeys, findKey, insertKey, type NewKey } from '../accounts/keys-store.ts'
import type { Keystore } from '@strongroom/hsm'
import { drawUserKey, isOneKey } from '../accounts/new-key.ts'
import type { Owner } from '../accounts/names.ts'
import type { Sessions } from '../accounts/sessions.ts'
import type { Policies } from '../policies.ts'
import { keyBytes } from '../public-key.ts'
import { forbidden, invalidRequest } from '../refusals.ts'
import type { UserKey } from '../shapes.ts'
import { holdPolicy, subjectOf } from '../sign/holds.ts'
import type { RecoveryDoor } from '../sign-in/recovery-door.ts'
import type { Database } from '@strongroom/storage'
import { findHeld, findOpen, holdRecovery, type RecoveryRow } from './store.ts'

export interface DoorDeps extends ChainDeps {
  readonly database: Database
  readonly hsm: Keystore
  readonly policies: Policies
  readonly sessions: Sessions
  readonly newId: () => string
}

/** What a recovery is held for: this key, let in by that one, on this chain. */
export const recoveryDigest = (of: {
  readonly chainName: string
  readonly recoveryKey: string
  readonly newKey: Uint8Array
}): string => toHex(sha256(canonicalJson({ ...of, newKey: toHex(of.newKey) })))

export const subjectOfRecovery = (
  { id, accountId }: Pick<RecoveryRow, 'id' | 'accountId'>,
  of: Parameters<typeof recoveryDigest>[0],
): string => subjectOf({ of: 'recovery', accountId, id, digest: recoveryDigest(of) })

/**
 * What a recovery key gets within the window: one new key that waits, for as long as every device of the account was told
 * and could say no. Whoever has a person’s cloud has the login and this key; that alone opens nothing.
 */
export const recoveryDoor = (deps: DoorDeps): RecoveryDoor => ({
  isOpen: async ({ id }) => (await findOpen(deps.database, id)) !== undefined,
  async begin({ account, app, recoveryKey, newKey, chainName }) {
    const { database, sessions, chains } = deps
    const chain = chains.get(chainName)
    if (!chain || !isOneKey(newKey) || !canStandOn(chain, [{ kind: newKey.type }])) return invalidRequest()
    const source = await sourceOf(deps, account, newKey)
    if (source instanceof Refusal) return source
    const held = await findHeld(database, account.id)
    // Said once more, by the same key for the same device: the first answer may have been lost.
    const isSame = held?.newKey === source.key.id && held.recoveryKey === recoveryKey.id
    if (held && !isSame) return invalidRequest()
    const refused = held ? undefined : await hold(deps, { owner: account, recoveryKey, source, chainName })
    if (refused) return refused
    const { id: keyId, publicKey } = source.key
    // They serve nothing before the key counts on the chain.
    return sessions.open({ accountId: account.id, appId: app.id, keyId, publicKey })
  },
})

type Source = { readonly key: KeyRow } | { readonly key: NewKey; readonly isNew: true }

async function sourceOf({ database, hsm, newId }: DoorDeps, owner: Owner, key: UserKey) {
  const known = await findKey(database, { accountId: owner.id, publicKey: keyBytes(key.publicKey) })
  if (!known)
    return { key: await drawUserKey(hsm, owner, { id: newId(), state: 'pending', key }), isNew: true as const }
  if (known.state !== 'pending' || known.type !== 'user-key' || known.kind !== key.type) return invalidRequest()
  if (!(await isGenuineKey(hsm, owner, known))) throw new Error('a pending key is not as we wrote it')
  return { key: known }
}

interface Holding {
  readonly owner: Owner
  readonly recoveryKey: KeyRow
  readonly source: Source
  readonly chainName: string
}

async function hold(deps: DoorDeps, { owner, recoveryKey, source, chainName }: Holding) {
  const { database, hsm, policies } = deps
  const policy = holdPolicy(policies)
  const open = await findOpen(database, owner.id)
  if (!open) return forbidden()
  const { id, accountId } = open
  const facts = { chainName, recoveryKey: recoveryKey.id, newKey: source.key.publicKey }
  const subject = subjectOfRecovery({ id, accountId }, facts)
  const drawn = await drawLock({ database, hsm }, policy, { subject, holder: recoveryKey.id })
  return database.transaction(async (tx) => {
    const count = await countKeys(tx, accountId)
    // They queue up at the account: one that waits already stays.
    if (await findHeld(tx, accountId)) return invalidRequest()
    if ('isNew' in source && (count >= policies.keys || !(await insertKey(tx, source.key)))) return invalidRequest()
    const lock = await armLock(tx, policy, drawn)
    const held = {
      id,
      recoveryKey: recoveryKey.id,
      newKey: source.key.id,
      chainName,
      lockId: lock.id,
      opensAt: lock.opensAt,
    }
    return (await holdRecovery(tx, held)) ? undefined : forbidden()
  })
}
