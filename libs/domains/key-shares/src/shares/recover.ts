import { toBase64 } from '@strongroom/crypto'
import { implement, Refusal, streamed } from '@strongroom/http'
import { itemError } from '../code-table.ts'
import { type FaceDeps, matchFace } from '../faces/guess-face.ts'
import { announce } from '../users/announce.ts'
import { nameCaller } from '../users/caller.ts'
import { bindBackup } from '../users/names.ts'
import type { User } from '../users/store.ts'
import { noBackup, recoverShares } from './contract.ts'
import { findBackups, noteRecovered, readShare, type Written } from './store.ts'

/** A key of somebody else is answered as one without a backup. */
export const recover = implement<FaceDeps>()(recoverShares, async ({ proof, body }, deps) => {
  const { database, policies } = deps
  const { key_ids: keyIds } = body
  const user = await nameCaller(deps, proof.access)
  if (user instanceof Refusal) return user
  const matched = await matchFace(deps, user, proof.face)
  if (matched !== 'passed') return matched

  const backups = await findBackups(database, user.id, keyIds)
  const found = new Map(backups.map((one) => [one.keyId, one]))
  if (found.size === 0) return noBackup()
  // Durable, and told, before the first byte of a share leaves.
  await database.transaction(async (tx) => {
    for (const backup of backups) {
      await noteRecovered(tx, user.id, backup)
      const detail = { key: backup.keyId, version: backup.version }
      await announce(tx, policies, { userId: user.id, type: 'keyshare.recovered', detail })
    }
  })
  const wanted = keyIds.map((keyId) => ({ keyId, backup: found.get(keyId) }))
  const whole = wanted.every(({ backup }) => backup !== undefined)
  return streamed(whole ? 200 : 207, writeItems(deps, user, { wanted, whole }))
})

interface Wanted {
  readonly keyId: string
  readonly backup: Written | undefined
}

/** JSON in pieces: one share is opened while the one before it is on its way. */
async function* writeItems(
  { database, hsm }: FaceDeps,
  user: User,
  { wanted, whole }: { wanted: readonly Wanted[]; whole: boolean },
): AsyncGenerator<string> {
  const message = '"message":"Some keyshares could not be recovered",'
  yield `{"success":${String(whole)},${whole ? '' : message}"keyshares":[`
  for (const [index, { keyId, backup }] of wanted.entries()) {
    yield `${index === 0 ? '' : ','}{"key_id":${JSON.stringify(keyId)},`
    if (!backup) {
      yield JSON.stringify(itemError('no-backup')).slice(1)
      continue
    }
    const share = await hsm.open(await readShare(database, backup), bindBackup(user, backup))
    yield `"encrypted_keyshare":"${toBase64(share.expose())}"}`
    share.wipe()
  }
  yield ']}'
}
