import { type Secret, toBase64 } from '@strongroom/crypto'
import { implement, type Limiter, Refusal, reply } from '@strongroom/http'
import { cancelLocks } from '@strongroom/time-locks'
import { limitedUntil, success } from '../pins/answers.ts'
import { invalidParams } from '../pins/contract.ts'
import { guessPin, type PinDeps } from '../pins/guess-pin.ts'
import { lockWith } from '../pins/rules.ts'
import { announce, findChangeLimit } from '../users/announce.ts'
import { removeAllUsers } from '../users/store.ts'
import { changePin, createKey, eraseKey, openKey } from './contract.ts'
import { deleteKey, insertKey, replaceLock } from './store.ts'

export interface KeyDeps extends PinDeps {
  /** How many keys an address may create. */
  readonly creations: Limiter
  /** UUID, version 4. */
  readonly newKeyId: () => string
}

const create = implement<KeyDeps>()(
  createKey,
  async ({ body, ip }, { database, hsm, policies, creations, newKeyId }) => {
    const until = await creations.take(ip)
    if (until) return limitedUntil(until)
    const keyId = newKeyId()
    const locked = await hsm.issueLockedKey(lockWith(body.pin, { keyId, pinEpoch: 1 }))
    await insertKey(database, policies, { keyId, ...locked })
    return reply(201, { id: keyId })
  },
)

const open = implement<KeyDeps>()(openKey, async ({ params: { keyId }, proof: pin }, deps) => {
  const key = await guessPin<Secret>(deps, { keyId, pin, purpose: 'open-key' }, ({ request, locked }) =>
    deps.hsm.openLockedKey(request, locked),
  )
  if (key instanceof Refusal) return key
  const encryptionKey = toBase64(key.expose())
  key.wipe()
  return reply(200, { id: keyId, encryptionKey })
})

const change = implement<KeyDeps>()(changePin, async ({ params: { keyId }, proof: pin, body: { newPin } }, deps) => {
  const { database, hsm, policies } = deps
  const next = await guessPin(
    deps,
    { keyId, pin, purpose: 'change-pin' },
    async ({ request, locked, pinEpoch: old }) => {
      const pinEpoch = old + 1
      const relocked = await hsm.relockKey(request, locked, lockWith(newPin, { keyId, pinEpoch }))
      return relocked && { keyId, pinEpoch, ...relocked }
    },
  )
  if (next instanceof Refusal) return next
  return database.transaction(async (tx) => {
    const until = await findChangeLimit(tx, keyId)
    if (until) return limitedUntil(until)
    if (!(await replaceLock(tx, policies, next))) return invalidParams()
    // One may have been armed since the PIN was proved.
    await cancelLocks(tx, policies.resets, keyId)
    await announce(tx, { keyId, event: 'pin-changed' })
    return success
  })
})

const erase = implement<KeyDeps>()(eraseKey, async ({ params: { keyId }, proof: pin }, deps) => {
  const { database, hsm, policies } = deps
  const pinEpoch = await guessPin(
    deps,
    { keyId, pin, purpose: 'erase-key' },
    async ({ request, locked, pinEpoch: proved }) => ((await hsm.fitsLock(request, locked)) ? proved : undefined),
  )
  if (pinEpoch instanceof Refusal) return pinEpoch
  return database.transaction(async (tx) => {
    if (!(await deleteKey(tx, policies, { keyId, pinEpoch }))) return invalidParams()
    await cancelLocks(tx, policies.resets, keyId)
    await announce(tx, { keyId, event: 'key-erased' })
    await removeAllUsers(tx, policies, keyId)
    return success
  })
})

export const keyHandlers = [create, open, change, erase]
