import { fromBase64, Secret } from '@strongroom/crypto'
import { implement, Refusal, reply } from '@strongroom/http'
import { itemError } from '../code-table.ts'
import { faceNotRegistered } from '../faces/contract.ts'
import { findFace } from '../faces/store.ts'
import { announce } from '../users/announce.ts'
import { nameCaller, timestamp, type UserDeps } from '../users/caller.ts'
import { bindBackup } from '../users/names.ts'
import type { User } from '../users/store.ts'
import { backUpShares } from './contract.ts'
import { type Item, readItems } from './read-items.ts'
import { dropUpload, publish, takeVersion, type Written, writeShare } from './store.ts'

/** An item of the request: written, or of a key that the user has not. */
type Outcome = { readonly keyId: string; readonly written: Written | undefined }

/** Each share is sealed and written while the next one arrives; all are published together, or none. */
export const backUp = implement<UserDeps>()(backUpShares, async ({ proof, stream }, deps) => {
  const { database, policies, newId } = deps
  const user = await nameCaller(deps, proof)
  if (user instanceof Refusal) return user
  if (policies.backups === 'with-face' && !(await findFace(database.reading, user.id))?.registeredAt) {
    return faceNotRegistered()
  }
  const upload = newId()
  const outcomes: Outcome[] = []
  try {
    for await (const item of readItems(stream)) outcomes.push(await write(deps, user, { item, upload }))
  } catch (error) {
    await dropUpload(database, upload)
    throw error
  }
  const items = await publishAll(deps, user, outcomes)
  const saved = items.flatMap((item) => ('error' in item ? [] : [item]))
  return saved.length === items.length
    ? reply(200, { success: true, message: 'Keyshares saved successfully', keyshares: saved })
    : reply(207, { success: false, message: 'Some keyshares could not be saved', keyshares: items })
})

async function write(
  { database, hsm }: UserDeps,
  user: User,
  { item: { key_id: keyId, encrypted_keyshare: text }, upload }: { item: Item; upload: string },
): Promise<Outcome> {
  const version = await takeVersion(database, { userId: user.id, keyId })
  if (version === undefined) return { keyId, written: undefined }
  const envelope = await hsm.seal(new Secret(fromBase64(text)), bindBackup(user, { keyId, version }))
  await writeShare(database, { keyId, version, upload, envelope })
  return { keyId, written: { keyId, version } }
}

const publishAll = ({ database, policies }: UserDeps, user: User, outcomes: readonly Outcome[]) =>
  database.transaction(async (tx) => {
    const items = []
    // In one order for everybody, so that two requests for the same keys do not wait for each other.
    const ordered = outcomes.toSorted((a, b) => (a.keyId < b.keyId ? -1 : 1))
    const saved = new Map<string, Date | undefined>()
    for (const { keyId, written } of ordered) {
      if (!written) continue
      saved.set(keyId, await publish(tx, user.id, written))
      const detail = { key: keyId, version: written.version }
      if (saved.get(keyId)) await announce(tx, policies, { userId: user.id, type: 'keyshare.saved', detail })
    }
    for (const { keyId, written } of outcomes) {
      const at = saved.get(keyId)
      const failure = itemError(written ? 'backup-overtaken' : 'key-not-found')
      items.push(at ? { key_id: keyId, created_at: timestamp(at) } : { key_id: keyId, ...failure })
    }
    return items
  })
