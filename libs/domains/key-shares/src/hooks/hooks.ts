import { recordEvent } from '@strongroom/audit'
import { equalBytes, fromHex, uncompressP256Key } from '@strongroom/crypto'
import { implement, reply } from '@strongroom/http'
import { announce } from '../users/announce.ts'
import type { UserDeps } from '../users/caller.ts'
import { hookRejected } from '../users/events.ts'
import { isStamped, stampOf } from '../users/names.ts'
import { noteKeyId, validateKeygen, validateSign } from './contract.ts'
import {
  approveKeygen,
  approveSigning,
  type Asking,
  createKey,
  findAsking,
  findKey,
  findPair,
  holdKeygen,
  rejectSigning,
} from './store.ts'

export type HookDeps = Pick<UserDeps, 'database' | 'hsm' | 'policies' | 'newId'>

const ok = reply(200, 'ok' as const)
const reject = reply(200, 'reject' as const)

/** The device that a token names; a token that is no key is nobody's. */
function readDevice(token: string): { key: Uint8Array; deviceKey: string } | undefined {
  try {
    const key = uncompressP256Key(fromHex(token))
    return { key, deviceKey: Buffer.from(key).toString('hex') }
  } catch {
    return undefined
  }
}

/** Why a device may do nothing, if it may not. A row that we did not write has no stamp of ours. */
async function faultOf({ hsm }: HookDeps, device: Asking, deviceKey: string): Promise<string | undefined> {
  if (device.disabled) return 'user-disabled'
  if (!device.active) return 'device-revoked'
  const row = { kind: 'device', name: deviceKey, stamp: device.stamp } as const
  return (await isStamped(hsm, { id: device.userId, lookup: device.lookup }, row)) ? undefined : 'device-not-ours'
}

type HookType = 'keygen' | 'key-id' | 'sign'

const refuse = (
  { database }: HookDeps,
  { userId }: Asking,
  detail: { type: HookType; why: string; device: string },
): Promise<void> => recordEvent(database.relaxed, hookRejected, { subject: userId, detail })

export const keygen = implement<HookDeps>()(validateKeygen, async ({ body: { token, instance } }, deps) => {
  const named = readDevice(token)
  const device = named && (await findAsking(deps.database.reading, named.key))
  if (!named || !device) return reject
  const why = await faultOf(deps, device, named.deviceKey)
  if (why) {
    await refuse(deps, device, { type: 'keygen', why, device: named.deviceKey })
    return reject
  }
  const { userId, lookup } = device
  const stamp = await stampOf(deps.hsm, { id: userId, lookup }, generationOf(named.deviceKey, instance))
  const lifetime = deps.policies.keygenLifetime
  await approveKeygen(deps.database, { id: deps.newId(), userId, ...named, instance }, { stamp, lifetime })
  return ok
})

const generationOf = (deviceKey: string, instance: string) =>
  ({ kind: 'keygen', name: `${deviceKey}/${instance}` }) as const

/** Only for a generation that was approved a moment ago; told twice it is the same key. */
export const keyId = implement<HookDeps>()(noteKeyId, async ({ body }, deps) => {
  const { database, hsm, policies } = deps
  const { token, key_id: id, instance } = body
  const named = readDevice(token)
  const device = named && (await findAsking(database.reading, named.key))
  if (!named || !device) return reject
  const { userId, lookup } = device
  const why = await faultOf(deps, device, named.deviceKey)
  if (why) {
    await refuse(deps, device, { type: 'key-id', why, device: named.deviceKey })
    return reject
  }
  const owner = { id: userId, lookup }
  const [stamp, approval] = await Promise.all([
    stampOf(hsm, owner, { kind: 'key', name: id }),
    stampOf(hsm, owner, generationOf(named.deviceKey, instance)),
  ])
  const made = await database.transaction(async (tx) => {
    const generation = await holdKeygen(tx, named.key, instance)
    if (generation?.userId !== userId || !equalBytes(generation.stamp, approval)) return false
    const key = { id: generation.transactionId, userId, ...named, instance, keyId: id, stamp }
    if (!(await createKey(tx, key))) return false
    await announce(tx, policies, { userId, type: 'key.created', detail: { key: id } })
    return true
  })
  if (made) return ok
  const known = await findKey(database, id)
  if (known?.userId === userId && known.instance === instance) return ok
  await refuse(deps, device, { type: 'key-id', why: 'no-generation', device: named.deviceKey })
  return reject
})

/** The one value of a tag, if it is one that we keep. */
const tagOf = (setup: Readonly<Record<string, readonly string[]>>, name: string, shape: RegExp): string | undefined => {
  const [value] = setup[name] ?? []
  return value !== undefined && shape.test(value) ? value : undefined
}

/** The key is its user's, whichever of the user's devices asks: a new phone signs with the old phone's key. */
export const sign = implement<HookDeps>()(validateSign, async ({ body: { token, setup, instance } }, deps) => {
  const { database, hsm, newId } = deps
  const named = readDevice(token)
  const wanted = tagOf(setup, 'key_id', /^[\w.:-]{1,128}$/)
  const pair = named && wanted !== undefined && (await findPair(database.reading, named.key, wanted))
  if (!named || wanted === undefined || !pair || setup['key_id']?.length !== 1) return reject
  const { userId, lookup, sameOwner, keyStamp } = pair
  const signing = {
    ...named,
    id: newId(),
    userId,
    instance,
    keyId: wanted,
    signAlg: tagOf(setup, 'sign_alg', /^(ecdsa|eddsa)$/),
    chainPath: tagOf(setup, 'chain_path', /^m(\/\d{1,10}'?){0,16}$/),
    message: tagOf(setup, 'message', /^([0-9a-f]{2}){1,4096}$/i),
  }
  const row = { kind: 'key', name: wanted, stamp: keyStamp } as const
  const why =
    (await faultOf(deps, pair, named.deviceKey)) ??
    (sameOwner && (await isStamped(hsm, { id: userId, lookup }, row)) ? undefined : 'key-not-owned')
  if (why) {
    await rejectSigning(database.relaxed, signing, why)
    return reject
  }
  // Committed before the answer, though not yet on disk: a crash of the database may lose the line of what was decided.
  await approveSigning(database.relaxed, signing)
  return ok
})
