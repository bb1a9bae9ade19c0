import { toBase64, type Secret } from '@strongroom/crypto'
import { implement, type Limiter, Refusal, reply } from '@strongroom/http'
import { changePin, createKey, eraseKey, invalidParams, openKey, rateLimited } from './contract.ts'
import { guessPin, type PinGuessDeps } from './guess-pin.ts'
import { lockWith } from './rules.ts'
import { deleteKey, insertKey, replaceLock } from './store.ts'

export interface KeyDeps extends PinGuessDeps {
  /** How many keys an address may create. */
  readonly creations: Limiter
  /** UUID, version 4. */
  readonly newKeyId: () => string
}

const success = reply(200, { message: 'Success' } as const)

const create = implement<KeyDeps>()(createKey, async ({ body, ip }, { database, hsm, creations, newKeyId }) => {
  const until = await creations.take(ip)
  if (until) return rateLimited({ delay: until.toISOString() })
  const id = newKeyId()
  const locked = await hsm.issueLockedKey(lockWith(body.pin, { keyId: id, pinEpoch: 1 }))
  await insertKey(database, id, locked)
  return reply(201, { id })
})

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
  const next = await guessPin(
    deps,
    { keyId, pin, purpose: 'change-pin' },
    async ({ request, locked, pinEpoch: old }) => {
      const pinEpoch = old + 1
      const relocked = await deps.hsm.relockKey(request, locked, lockWith(newPin, { keyId, pinEpoch }))
      return relocked && { ...relocked, pinEpoch }
    },
  )
  if (next instanceof Refusal) return next
  return deps.database.transaction(async (tx) => ((await replaceLock(tx, keyId, next)) ? success : invalidParams()))
})

const erase = implement<KeyDeps>()(eraseKey, async ({ params: { keyId }, proof: pin }, deps) => {
  const proved = await guessPin(deps, { keyId, pin, purpose: 'erase-key' }, async ({ request, locked, pinEpoch }) =>
    (await deps.hsm.fitsLock(request, locked)) ? pinEpoch : undefined,
  )
  if (proved instanceof Refusal) return proved
  return deps.database.transaction(async (tx) => ((await deleteKey(tx, keyId, proved)) ? success : invalidParams()))
})

export const keyHandlers = [create, open, change, erase]
