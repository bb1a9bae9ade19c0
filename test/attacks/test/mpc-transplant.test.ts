import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  askToSign,
  drawFrom,
  drawSeed,
  mustDo,
  newInstance,
  settleDuo,
  transplantKeyshares,
  type TwoWaiting,
} from '../src/index.ts'
import { type DuoTable, exchange, exchangeInPlace, inTurn } from './keyshare-rows.ts'
import { duoPlaceOf, type MpcAuth, startDuoOriginalWithFaces, startMpcAuth } from './mpc-auth.ts'
import { combine } from './share-rows.ts'

const randomness = drawFrom(drawSeed())
const repeat = `ATTACK_SEED=${randomness.seed}`

describe(`case 7, transplants of devices, keys, backups, on the original’s shape, ${repeat}`, () => {
  it('gives out whatever lies in the row, to whomever the row names', async () => {
    await using world = await startDuoOriginalWithFaces()
    const { keys, backups, devices } = world.original.database
    const moves = {
      owners: async ([a, b]: TwoWaiting) => keys.swap(a.keyId, b.keyId, ['userId']),
      shares: async ([a, b]: TwoWaiting) => backups.swap(a.keyId, b.keyId, ['share']),
      devices: async ([a, b]: TwoWaiting) => devices.swap(a.device.key, b.device.key, ['userId']),
    }
    const { foreign } = await transplantKeyshares({ place: world.place, moves, randomness })
    expect(foreign).toEqual(
      expect.arrayContaining([
        'owners: their share',
        'owners: a signature with their key',
        'shares: their share',
        'devices: a signature with their key',
      ]),
    )
  })
})

describe(`case 7, transplants of devices, keys, backups, on mpc-auth, ${repeat}`, () => {
  let mpc: MpcAuth
  beforeAll(async () => {
    mpc = await startMpcAuth()
  })
  afterAll(() => mpc[Symbol.asyncDispose]())
  const app = { sql: (query: string) => mpc.world.app.sql(query) }
  const all = (table: DuoTable, columns: readonly string[]) =>
    Object.fromEntries(combine(columns).map((some) => [`${table}: ${some.join(', ')}`, exchange(app, table, some)]))
  const kept = (table: 'keys' | 'users', columns: readonly string[]) =>
    Object.fromEntries(
      combine(columns).map((some) => [`${table}: ${some.join(', ')}`, exchangeInPlace(app, table, some)]),
    )

  it.each([
    ['devices', () => all('devices', ['verifying_key', 'user_id', 'stamp', 'name'])],
    ['keys', () => kept('keys', ['user_id', 'verifying_key', 'instance', 'stamp'])],
    ['backups', () => all('backups', ['key_id', 'version', 'envelope'])],
    ['faces', () => all('faces', ['user_id', 'registered_at'])],
    ['challenges', () => all('challenges', ['user_id', 'verifying_key', 'id'])],
  ])('no exchange of columns of %s gives anybody what is another’s', async (_, moves) => {
    const verdict = await transplantKeyshares({ place: duoPlaceOf(mpc), moves: moves(), randomness })
    expect(verdict).toEqual({ foreign: [], forbidden: [], broken: [] })
  })

  it('nor one of people, and of what is theirs, together', async () => {
    const owned = {
      people: exchangeInPlace(app, 'users', ['lookup']),
      devices: exchange(app, 'devices', ['user_id']),
      keys: exchangeInPlace(app, 'keys', ['user_id']),
      faces: exchange(app, 'faces', ['user_id']),
      shares: exchange(app, 'backups', ['envelope']),
    }
    const names = Object.keys(owned) as (keyof typeof owned)[]
    const moves = Object.fromEntries(
      combine(names).map((some) => [some.join(', '), inTurn(...some.map((name) => owned[name as keyof typeof owned]))]),
    )
    const verdict = await transplantKeyshares({ place: duoPlaceOf(mpc), moves, randomness })
    expect(verdict).toEqual({ foreign: [], forbidden: [], broken: [] })
  })

  it('nor one of generations', async () => {
    const moves = all('keygens', ['verifying_key', 'instance', 'user_id', 'transaction_id', 'stamp'])
    const verdict = await transplantKeyshares({ place: duoPlaceOf(mpc), moves, randomness })
    expect(verdict).toEqual({ foreign: [], forbidden: [], broken: [] })
  })

  it('a revoked device stays revoked, whatever is written into its row', async () => {
    const place = duoPlaceOf(mpc)
    const [owner, other] = [await settleDuo(place, randomness), await settleDuo(place, randomness)]
    const { device, keyId, person } = owner
    await mustDo(person.send('DELETE', `/v2/devices/${device.key}`))
    const row = `key_shares.devices where verifying_key = '\\x${device.key}'`
    for (const written of [
      'revoked_at = null',
      "stamp = sha256('a guess')",
      `stamp = (select stamp from key_shares.devices where verifying_key = '\\x${other.device.key}')`,
    ]) {
      await app.sql(row.replace('key_shares.devices', `update key_shares.devices set ${written}`))
      expect(await askToSign(place, { device, keyId, instance: newInstance(randomness) })).toBe('reject')
    }
  })
})
