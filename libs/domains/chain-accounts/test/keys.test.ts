import { sql } from '@strongroom/storage'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { insertKey } from '../src/accounts/keys-store.ts'
import { drawUserKey } from '../src/accounts/new-key.ts'
import { findAccount } from '../src/accounts/store.ts'
import { bodyOf, newDevice, personOf, refused } from './client.ts'
import { startWorld, type World } from './world.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.stop())
beforeEach(() => world.chain.away(false))

const device = { name: 'A phone', pushToken: 'push-1', osName: 'iOS', osVersion: '16.2', deviceManufacturer: 'Apple' }

async function settled() {
  const [ann, phone] = [personOf(world.baseUrl), newDevice()]
  const userKey = { type: 'device', publicKey: phone.publicKey, device: { ...device, publicKey: phone.publicKey } }
  const { account, credentials } = bodyOf(await ann.signUp(phone, { userKey }))
  world.chain.mine()
  await world.activate()
  const token = credentials.accessToken
  const put = (publicKey: string, body: object) =>
    ann.ask({ method: 'PUT', path: `/device/v1/devices/${publicKey}`, token, body })
  const forget = (publicKey: string) => ann.ask({ method: 'DELETE', path: `/key/v1/keys/${publicKey}`, token })
  const keys = async (more = '') =>
    ((await ann.get(`/key/v1/keys${more}`, token)).body as { keys: Record<string, unknown>[] }).keys
  return { ann, phone, account, token, put, forget, keys, address: account.addresses[0]?.address ?? '' }
}
type Settled = Awaited<ReturnType<typeof settled>>

/** As its owner would have it on the chain. */
const takeOffChain = ({ address }: Settled, publicKey: string) => {
  const standing = world.chain.standing(address)
  if (!standing) throw new Error('it does not stand')
  const signers = standing.signers.filter((one) => Buffer.from(one.publicKey).toString('hex') !== publicKey)
  world.chain.put(address, { ...standing, signers })
}

describe('devices', () => {
  test('are listed with what was told of them', async () => {
    const { ann, token, phone } = await settled()
    const { body } = await ann.get('/device/v1/devices', token)
    const nulls = { sdkVersion: null, deviceModel: null, lang: null, type: null }
    expect(body).toEqual({ devices: [{ id: expect.any(String), publicKey: phone.publicKey, ...nulls, ...device }] })
  })

  test('are changed in part, and again', async () => {
    const { phone, put, ann, token } = await settled()
    const first = await put(phone.publicKey, { name: 'Another name', lang: 'de' })
    expect([first.status, first.body]).toMatchObject([200, { device: { ...device, name: 'Another name', lang: 'de' } }])
    await put(phone.publicKey, { pushToken: null })
    expect((await ann.get('/device/v1/devices', token)).body).toMatchObject({
      devices: [{ name: 'Another name', lang: 'de', pushToken: null }],
    })
  })

  test('keep both of two changes at once, whoever is last', async () => {
    const { phone, put, ann, token } = await settled()
    for (const round of Array.from({ length: 12 }, (_, index) => String(index))) {
      await Promise.all([put(phone.publicKey, { name: round }), put(phone.publicKey, { lang: round })])
      expect((await ann.get('/device/v1/devices', token)).body).toMatchObject({
        devices: [{ name: round, lang: round }],
      })
    }
  })

  test('are pushed where they themselves say, which no other device changes or reads', async () => {
    const who = await settled()
    const tablet = newDevice()
    const token = await second(who, tablet)
    const asTablet = (method: string, path: string, body?: object) => who.ann.ask({ method, path, token, body })
    for (const pushToken of [null, 'of a thief'])
      expect(refused(await asTablet('PUT', `/device/v1/devices/${who.phone.publicKey}`, { pushToken }))).toEqual([
        403,
        'Forbidden',
      ])
    const named = await asTablet('PUT', `/device/v1/devices/${who.phone.publicKey}`, { name: 'Ann’s' })
    expect(named.body).toMatchObject({ device: { name: 'Ann’s', pushToken: null } })
    await asTablet('PUT', `/device/v1/devices/${tablet.publicKey}`, { pushToken: 'push-2' })
    for (const path of ['/device/v1/devices', '/key/v1/keys']) {
      expect((await asTablet('GET', path)).text).not.toContain('push-1')
      expect((await who.ann.get(path, who.token)).text).not.toContain('push-2')
      expect((await who.ann.get(path, who.token)).text).toContain('push-1')
    }
  })

  test('of others, and our own key, are not found', async () => {
    const [ann, ben] = [await settled(), await settled()]
    expect(refused(await ann.put(ben.phone.publicKey, { name: 'Mine' }))).toEqual([404, 'NotFound'])
    const [ours] = await ann.keys()
    expect(refused(await ann.put(String(ours?.['publicKey']), { name: 'Mine' }))).toEqual([404, 'NotFound'])
    expect(refused(await ann.put('ab', { name: 'Mine' }))).toEqual([400, 'InvalidPublicKey'])
  })

  test('whose words were moved from another row are not read', async () => {
    const [ann, ben] = [await settled(), await settled()]
    const key = (publicKey: string) => Buffer.from(publicKey, 'hex')
    await world.owner.run(sql`
      update chain_accounts.keys set data = (select data from chain_accounts.keys where public_key = ${key(ben.phone.publicKey)})
       where public_key = ${key(ann.phone.publicKey)}`)
    expect((await ann.ann.get('/device/v1/devices', ann.token)).status).toBe(500)
  })
})

describe('a key', () => {
  test('is forgotten once it signs nowhere, and its sessions end', async () => {
    const who = await settled()
    expect(refused(await who.forget(who.phone.publicKey))).toEqual([400, 'InvalidRequest'])
    takeOffChain(who, who.phone.publicKey)
    const { credentials } = bodyOf(await who.ann.signIn(who.phone))
    expect((await who.forget(who.phone.publicKey)).status).toBe(204)
    for (const token of [who.token, credentials.accessToken])
      expect(refused(await who.ann.get('/account/v1/me', token))).toEqual([401, 'InvalidToken'])
    expect(refused(await who.ann.begin(who.phone))).toEqual([400, 'PleaseRegisterKey'])
  })

  test('that was revoked is listed where it is asked for', async () => {
    const who = await settled()
    const [other] = [newDevice()]
    await addPending(who, other.publicKey)
    expect((await who.forget(other.publicKey)).status).toBe(204)
    expect(refused(await who.forget(other.publicKey))).toEqual([404, 'NotFound'])
    expect((await who.keys()).map(({ state }) => state)).toEqual(['active', 'active'])
    expect((await who.keys('?include_revoked=false')).length).toBe(2)
    const all = await who.keys('?include_revoked=true')
    expect(all.map(({ keyIndex, state, revokedAt }) => [keyIndex, state, revokedAt !== null])).toEqual([
      [0, 'active', false],
      [1, 'active', false],
      [2, 'revoked', true],
    ])
  })

  test('is not brought back by a row', async () => {
    const who = await settled()
    takeOffChain(who, who.phone.publicKey)
    const before = await stampOf(who)
    await who.forget(who.phone.publicKey)
    await world.owner.run(sql`update chain_accounts.keys set state = 'active', stamp = ${'x'.repeat(32)}::text::bytea,
                                     revoked_at = null where account_id = ${who.account.id} and state = 'revoked'`)
    expect(refused(await who.ann.begin(who.phone))).toEqual([400, 'PleaseRegisterKey'])
    // Whoever kept a copy of the stamp brings it back: whoever can write the database can roll it back.
    expect(before).toHaveLength(32)
  })

  test('of ours is not forgotten, and those of others are not found', async () => {
    const [ann, ben] = [await settled(), await settled()]
    const [ours] = await ann.keys()
    expect(refused(await ann.forget(String(ours?.['publicKey'])))).toEqual([403, 'Forbidden'])
    expect(refused(await ann.forget(ben.phone.publicKey))).toEqual([404, 'NotFound'])
  })

  test('is kept while the chain cannot be asked', async () => {
    const who = await settled()
    takeOffChain(who, who.phone.publicKey)
    world.chain.away(true)
    const answer = await who.forget(who.phone.publicKey)
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5'])
    expect(refused(answer)[1]).toBe('ChainUnavailable')
    expect(await who.keys()).toHaveLength(2)
  })

  test('is kept where it counts on another chain, or is about to', async () => {
    const who = await settled()
    takeOffChain(who, who.phone.publicKey)
    await who.ann.ask({
      method: 'POST',
      path: '/account/v1/addresses',
      token: who.token,
      body: { chainName: 'polygon-amoy' },
    })
    expect(refused(await who.forget(who.phone.publicKey))).toEqual([400, 'InvalidRequest'])
    world.other.mine()
    await world.activate()
    expect(refused(await who.forget(who.phone.publicKey))).toEqual([400, 'InvalidRequest'])
  })

  test('says when it was used last', async () => {
    const who = await settled()
    const lastUsed = async () => (await who.keys())[1]?.['lastUsedAt']
    const signedUp = await lastUsed()
    expect(signedUp).toEqual(expect.stringMatching(/Z$/))
    await who.ann.signIn(who.phone)
    expect(Date.parse(String(await lastUsed()))).toBeGreaterThan(Date.parse(String(signedUp)))
  })
})

async function stampOf({ account, phone }: Settled): Promise<Uint8Array> {
  const row = await world.owner.one(
    z.object({ stamp: z.instanceof(Uint8Array) }),
    sql`select stamp from chain_accounts.keys
         where account_id = ${account.id} and public_key = ${Buffer.from(phone.publicKey, 'hex')}`,
  )
  return row.stamp
}

test('a device that floods us leaves the others, and who signs in, what is theirs', async () => {
  const few = await startWorld({ requests: 5 })
  try {
    const [ann, phone, tablet] = [personOf(few.baseUrl), newDevice(), newDevice()]
    const { account, credentials } = bodyOf(await ann.signUp(phone))
    few.chain.mine()
    await few.activate()
    const owner = { id: account.id, appId: (await findAccount(few.database, account.id))?.appId ?? '' }
    const wish = {
      id: few.deps.newId(),
      state: 'active' as const,
      key: { type: 'device' as const, publicKey: tablet.publicKey },
    }
    const drawn = await drawUserKey(few.hsm, owner, wish)
    await few.database.transaction((tx) => insertKey(tx, drawn))
    const stolen = bodyOf(await ann.signIn(tablet)).credentials.accessToken
    const statuses = []
    for (let asked = 0; asked < 6; asked++) statuses.push((await ann.get('/device/v1/devices', stolen)).status)
    expect(statuses).toEqual([200, 200, 200, 200, 200, 429])
    expect((await ann.get('/device/v1/devices', credentials.accessToken)).status).toBe(200)
    expect((await ann.signIn(phone)).status).toBe(200)
  } finally {
    await few.stop()
  }
})

/** A device beside the first one: its key counts, and it signed in. */
async function second(who: Settled, tablet: ReturnType<typeof newDevice>): Promise<string> {
  await add(who, tablet.publicKey, 'active')
  return bodyOf(await who.ann.signIn(tablet)).credentials.accessToken
}

const addPending = (who: Settled, publicKey: string) => add(who, publicKey, 'pending')

async function add({ account }: Settled, publicKey: string, state: 'pending' | 'active') {
  const owner = await findAccount(world.database, account.id)
  if (!owner) throw new Error('no account')
  const drawn = await drawUserKey(world.hsm, owner, {
    id: world.deps.newId(),
    state,
    key: { type: 'device', publicKey },
  })
  await world.database.transaction((tx) => insertKey(tx, drawn))
}
