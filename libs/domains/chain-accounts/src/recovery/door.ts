import { Refusal } from '@strongroom/http'
import { armLock, drawLock } from '@strongroom/time-locks'
import type { ChainDeps } from '../accounts/chain-of.ts'
import { canStandOn } from '../accounts/deploy.ts'
import type { KeyRow } from '../accounts/key-row.ts'
import { countKeys, insertKey } from '../accounts/keys-store.ts'
import { isOneKey } from '../accounts/new-key.ts'
import type { Owner } from '../accounts/names.ts'
import { renewKey } from '../accounts/renew-keys.ts'
import type { Sessions } from '../accounts/sessions.ts'
import type { Policies } from '../policies.ts'
import { type WaitingDeps, type WaitingKey, waitingKey } from '../passkeys/waiting-key.ts'
import { forbidden, invalidRequest } from '../refusals.ts'
import { holdPolicy } from '../sign/holds.ts'
import type { RecoveryDoor } from '../sign-in/recovery-door.ts'
import { subjectOfRecovery } from './digest.ts'
import { findHeld, findOpen, holdRecovery } from './store.ts'

export interface DoorDeps extends ChainDeps, WaitingDeps {
  readonly policies: Policies
  readonly sessions: Sessions
}

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
    const source = await waitingKey(deps, account, newKey)
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

interface Holding {
  readonly owner: Owner
  readonly recoveryKey: KeyRow
  readonly source: WaitingKey
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
    // Forgotten since it was found.
    if (!('isNew' in source) && !(await renewKey(tx, source.key.id))) return invalidRequest()
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
