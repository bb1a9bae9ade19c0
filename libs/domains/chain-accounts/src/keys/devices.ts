import type { Keystore } from '@strongroom/hsm'
import { implement, type Limiter, reply } from '@strongroom/http'
import type { Database } from '@strongroom/storage'
import { takeOf } from '../accounts/caller.ts'
import { readKeyData, writeKeyData } from '../accounts/key-data.ts'
import type { KeyRow } from '../accounts/key-row.ts'
import { findKey, findKeys, replaceKeyData } from '../accounts/keys-store.ts'
import { keyBytes } from '../public-key.ts'
import { forbidden, notFound, tooManyRequests } from '../refusals.ts'
import type { Caller } from '../tokens/account-token.ts'
import { changeDevice, listDevices } from './contract.ts'
import { deviceView } from './views.ts'

export interface KeyDeps {
  readonly database: Database
  readonly hsm: Keystore
  /** Requests of one login or account. */
  readonly requests: Limiter
}

const isDevice = ({ type, state }: KeyRow): boolean => type === 'user-key' && state !== 'revoked'

export const ownerBy = ({ accountId, app }: Pick<Caller, 'accountId' | 'app'>) => ({ id: accountId, appId: app.id })

export const list = implement<KeyDeps>()(listDevices, async ({ proof }, { database, hsm, requests }) => {
  const limited = await takeOf(requests, proof)
  if (limited) return limited
  const keys = (await findKeys(database.reading, proof.accountId)).filter(isDevice)
  const devices = keys.map(async (key) => deviceView(key, await readKeyData(hsm, ownerBy(proof), key), proof.keyId))
  return reply(200, { devices: await Promise.all(devices) })
})

const TRIES = 8

export const change = implement<KeyDeps>()(changeDevice, async ({ proof, params, body }, deps) => {
  const { database, hsm, requests } = deps
  const limited = await takeOf(requests, proof)
  if (limited) return limited
  const owner = ownerBy(proof)
  for (let tried = 0; tried < TRIES; tried++) {
    const key = await findKey(database, { accountId: proof.accountId, publicKey: keyBytes(params.publicKey) })
    if (!key || !isDevice(key)) return notFound()
    // Whoever took one phone would have the others never told of what they could still stop.
    if (body.pushToken !== undefined && key.id !== proof.keyId) return forbidden()
    const data = await readKeyData(hsm, owner, key)
    const next = { ...data, device: { ...data.device, ...body } }
    const sealed = await writeKeyData(hsm, owner, { id: key.id, data: next })
    if (await replaceKeyData(database, key, sealed)) return reply(200, { device: deviceView(key, next, proof.keyId) })
  }
  // Others change it again and again.
  return tooManyRequests({ retryAfter: 1 })
})
