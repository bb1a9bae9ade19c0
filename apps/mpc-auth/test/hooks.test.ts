import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type Device,
  errorOf,
  newDevice,
  newInstance,
  newKeyId,
  nodeOf,
  NODE_SECRET,
  startMpcAuth,
  type User,
  userOf,
  type World,
} from './client.ts'
import { passTime } from './pass-time.ts'

const secondSecret = 'another-secret-of-the-tests-for-another-node'
let world: World
let node: ReturnType<typeof nodeOf>
beforeAll(async () => {
  world = await startMpcAuth({ settings: { HOOKS_SECRETS: `node-1=${NODE_SECRET}\nnode-2=${secondSecret}` } })
  node = nodeOf(world)
})
afterAll(() => world[Symbol.asyncDispose]())

interface Owner {
  readonly user: User
  readonly userId: string
  readonly phone: Device
  readonly keyId: string
}

/** A user with one device, and one key that was generated with it. */
async function owner(): Promise<Owner> {
  const user = userOf(world)
  const { user_id: userId } = (await user.register()).body as { user_id: string }
  const phone = newDevice()
  await user.addDevice(phone)
  return { user, userId, phone, keyId: await user.addKey(phone) }
}
const bytea = (hex: string): string => `'\\x${hex}'`

const paths = ['dkg-setup', 'key-id', 'dsg-setup'] as const

/** What every hook would take, were it approved. */
const good = async () => {
  const { phone, keyId } = await owner()
  return { token: phone.key, key_id: keyId, setup: { key_id: [keyId] }, instance: newInstance() }
}

describe.each(paths)('/hooks/%s', (path) => {
  test('rejects with 200 whatever it cannot read', async () => {
    const whole = await good()
    const bodies = [
      '',
      '{',
      'null',
      '[]',
      '"ok"',
      '{}',
      ...['token', 'instance', path === 'key-id' ? 'key_id' : 'setup'].map((name) => ({ ...whole, [name]: undefined })),
      ...['', '04', 'zz', `0x${whole.token}`, 7, [whole.token]].map((token) => ({ ...whole, token })),
      ...['', 'ab', `${whole.instance}00`, 'g'.repeat(64), null].map((instance) => ({ ...whole, instance })),
      ...(path === 'key-id'
        ? ['', 'a b', 'k'.repeat(129), '../', 7].map((key_id) => ({ ...whole, key_id }))
        : [[], 'x', { key_id: 'x' }, { key_id: [7] }, { key_id: [null] }].map((setup) => ({ ...whole, setup }))),
      { ...whole, more: 'x'.repeat(70_000) },
    ]
    for (const body of bodies) {
      const { status, text } = await node.hook(path, body)
      expect([status, text], `to ${JSON.stringify(body).slice(0, 99)}`).toEqual([200, '"reject"'])
    }
    const headers = { 'content-type': 'text/plain' }
    const asked = { path: `/hooks/${path}`, token: NODE_SECRET, headers }
    expect((await node.ask({ ...asked, method: 'POST', body: whole })).text).toBe('"reject"')
    expect((await node.ask({ ...asked, method: 'PUT', body: whole })).text).toBe('"reject"')
    expect((await node.ask({ ...asked, headers: {} })).text).toBe('"reject"')
  })

  test('rejects a device that nobody registered', async () => {
    const { status, text } = await node.hook(path, { ...(await good()), token: newDevice().key })
    expect([status, text]).toEqual([200, '"reject"'])
  })

  test('tells a stranger "reject" and 401, whatever is asked', async () => {
    const body = await good()
    const near = `${NODE_SECRET.slice(0, -1)}x`
    const authorizations = [undefined, '', 'Bearer', `Bearer ${near}`, `Bearer ${NODE_SECRET}x`, `Basic ${NODE_SECRET}`]
    for (const authorization of authorizations) {
      const headers = authorization === undefined ? {} : { authorization }
      const { status, text } = await node.ask({ method: 'POST', path: `/hooks/${path}`, body, headers })
      expect([status, text]).toEqual([401, '"reject"'])
    }
    const token = await userOf(world).token()
    expect((await node.ask({ method: 'POST', path: `/hooks/${path}`, body, token })).status).toBe(401)
  })

  test('is not served where users are', async () => {
    const { status, text } = await userOf(world).send('POST', `/hooks/${path}`, await good())
    expect([status, text]).toEqual([404, errorOf(100802, 'Route not found')])
  })
})

test('users are not served where hooks are', async () => {
  const { user } = await owner()
  for (const path of ['/v2/keys', '/transactions', '/health/ready', '/metrics', '/docs', '/']) {
    const { status, text } = await node.ask({ path, token: await user.token() })
    expect([status, text]).toEqual([200, '"reject"'])
  }
})

test('each node has a secret of its own, and without any every hook is rejected', async () => {
  const { phone, keyId } = await owner()
  expect(await nodeOf(world, secondSecret).sign(phone, keyId)).toBe('ok')
  const bare = await world.app.spawn({ HOOKS_SECRETS: undefined })
  const { status, text } = await nodeOf(world, NODE_SECRET, bare).hook('dsg-setup', {})
  expect([status, text]).toEqual([200, '"reject"'])
  expect(await nodeOf(world, NODE_SECRET, bare).sign(phone, keyId)).toBe('reject')
  bare.child.kill('SIGTERM')
})

describe('a key', () => {
  test('is its user’s: another device of the same user signs, a device of somebody else does not', async () => {
    const { user, phone, keyId } = await owner()
    const stranger = await owner()
    const tablet = newDevice()
    await user.addDevice(tablet)
    expect(await node.sign(tablet, keyId)).toBe('ok')
    expect(await node.sign(phone, keyId)).toBe('ok')
    expect(await node.sign(stranger.phone, keyId)).toBe('reject')
    expect(await node.sign(phone, newKeyId())).toBe('reject')
    expect((await stranger.user.transactions())[0]).toMatchObject({
      type: 'sign',
      status: 'rejected',
      key_id: keyId,
      reject_reason: 'key-not-owned',
    })
    expect(JSON.stringify(await user.transactions())).not.toContain(stranger.phone.key)
  })

  test('is one: a setup that names two, or none, is rejected', async () => {
    const { phone, keyId } = await owner()
    const other = await owner()
    for (const key_id of [[keyId, other.keyId], [other.keyId, keyId], [keyId, keyId], []])
      expect(await node.sign(phone, keyId, { key_id })).toBe('reject')
  })

  test('is told once, for a generation that was approved; told again it is the same', async () => {
    const { user, phone } = await owner()
    const [instance, id] = [newInstance(), newKeyId()]
    expect(await node.nameKey(phone, id, instance)).toBe('reject')
    expect(await node.setUp(phone, instance)).toBe('ok')
    expect(await node.nameKey(phone, id, newInstance())).toBe('reject')
    expect(await node.nameKey(phone, id, instance.toUpperCase())).toBe('ok')
    for (let time = 0; time < 2; time++) expect(await node.nameKey(phone, id, instance)).toBe('ok')
    expect(await node.nameKey(phone, newKeyId(), instance)).toBe('reject')
    const { keys } = (await user.get('/v2/keys')).body as { keys: { key_id: string }[] }
    expect(keys.filter(({ key_id }) => key_id === id)).toHaveLength(1)
  })

  test('of one generation is one, however many nodes tell it at once', async () => {
    const { user, phone } = await owner()
    const instance = newInstance()
    await node.setUp(phone, instance)
    const ids = Array.from({ length: 8 }, newKeyId)
    const answers = await Promise.all(ids.map((id) => node.nameKey(phone, id, instance)))
    expect(answers.filter((one) => one === 'ok')).toHaveLength(1)
    expect(((await user.get('/v2/keys')).body as { keys: object[] }).keys).toHaveLength(2)
    const again = newInstance()
    await node.setUp(phone, again)
    const id = newKeyId()
    const told = await Promise.all(ids.map(() => node.nameKey(phone, id, again)))
    expect(new Set(told)).toEqual(new Set(['ok']))
  })

  test('whose id is taken stays its first user’s', async () => {
    const [first, second] = [await owner(), await owner()]
    const instance = newInstance()
    await node.setUp(second.phone, instance)
    expect(await node.nameKey(second.phone, first.keyId, instance)).toBe('reject')
    expect(await node.sign(second.phone, first.keyId)).toBe('reject')
    expect(await node.sign(first.phone, first.keyId)).toBe('ok')
    // The generation still waits for an id that is free.
    expect(await node.nameKey(second.phone, newKeyId(), instance)).toBe('ok')
  })

  test('is not made of another device’s generation', async () => {
    const [first, second] = [await owner(), await owner()]
    const tablet = newDevice()
    await first.user.addDevice(tablet)
    const instance = newInstance()
    await node.setUp(first.phone, instance)
    for (const thief of [second.phone, tablet]) expect(await node.nameKey(thief, newKeyId(), instance)).toBe('reject')
    expect(await node.nameKey(first.phone, newKeyId(), instance)).toBe('ok')
  })

  test('is not made later than ten minutes after its generation was approved', async () => {
    const { phone } = await owner()
    const [early, late] = [newInstance(), newInstance()]
    for (const instance of [early, late]) await node.setUp(phone, instance)
    await passTime(world.app, '9 minutes')
    expect(await node.nameKey(phone, newKeyId(), early)).toBe('ok')
    await passTime(world.app, '2 minutes')
    expect(await node.nameKey(phone, newKeyId(), late)).toBe('reject')
    expect(await node.setUp(phone, late)).toBe('ok')
    expect(await node.nameKey(phone, newKeyId(), late)).toBe('ok')
  })
})

const refused = async (phone: Pick<Device, 'key'>, keyId: string) => [
  await node.setUp(phone),
  await node.sign(phone, keyId),
]

describe('a device', () => {
  test('that was revoked is rejected, also in a generation that it began', async () => {
    const { user, phone, keyId } = await owner()
    const instance = newInstance()
    await node.setUp(phone, instance)
    await user.send('DELETE', `/v2/devices/${phone.key}`)
    expect(await refused(phone, keyId)).toEqual(['reject', 'reject'])
    expect(await node.nameKey(phone, newKeyId(), instance)).toBe('reject')
    // An update that undoes the revocation brings no stamp back.
    await world.app.sql(`update key_shares.devices set revoked_at = null where verifying_key = ${bytea(phone.key)}`)
    expect(await refused(phone, keyId)).toEqual(['reject', 'reject'])
  })

  test('of a disabled user is rejected until the user is enabled', async () => {
    const { user, userId, phone, keyId } = await owner()
    expect(await world.app.run('disable-user', userId)).toEqual({
      code: 0,
      output: expect.stringMatching(/^disabled$/m),
    })
    expect(await refused(phone, keyId)).toEqual(['reject', 'reject'])
    expect((await user.get('/v2/keys')).text).toBe(errorOf(100202, 'User disabled'))
    expect(await world.app.run('enable-user', userId)).toEqual({
      code: 0,
      output: expect.stringMatching(/^enabled$/m),
    })
    expect(await refused(phone, keyId)).toEqual(['ok', 'ok'])
  })

  test('whose row somebody wrote past us is rejected', async () => {
    const [first, second] = [await owner(), await owner()]
    const [unstamped, copied] = [newDevice(), newDevice()]
    const insert = (device: Device, stamp: string) =>
      world.app.sql(`insert into key_shares.devices (verifying_key, user_id, stamp)
        select ${bytea(device.key)}, user_id, ${stamp} from key_shares.devices where verifying_key = ${bytea(first.phone.key)}`)
    await insert(unstamped, 'null')
    await insert(copied, 'stamp')
    for (const device of [unstamped, copied]) expect(await refused(device, first.keyId)).toEqual(['reject', 'reject'])
    // A device that is pointed at another user signs with nobody's key.
    await world.app.sql(
      `update key_shares.devices set user_id = '${first.userId}' where verifying_key = ${bytea(second.phone.key)}`,
    )
    expect(await refused(second.phone, first.keyId)).toEqual(['reject', 'reject'])
    expect(await refused(first.phone, first.keyId)).toEqual(['ok', 'ok'])
  })

  test('gets no key by a row that somebody wrote past us', async () => {
    const [first, second] = [await owner(), await owner()]
    const moved = `update key_shares.keys set user_id = '${second.userId}' where key_id = '${first.keyId}'`
    await world.app.sql(moved)
    expect(await node.sign(second.phone, first.keyId)).toBe('reject')
    const forged = newKeyId()
    await world.app.sql(`insert into key_shares.keys (key_id, user_id, verifying_key, instance, stamp)
      select '${forged}', user_id, verifying_key, instance, stamp from key_shares.keys where key_id = '${second.keyId}'`)
    expect(await node.sign(second.phone, forged)).toBe('reject')
    const [asked, copied] = [newInstance(), newInstance()]
    await node.setUp(first.phone, asked)
    await world.app
      .sql(`insert into key_shares.keygens (verifying_key, instance, user_id, transaction_id, stamp, expires_at)
      select verifying_key, '${copied}', user_id, transaction_id, stamp, expires_at from key_shares.keygens where instance = '${asked}'`)
    expect(await node.nameKey(first.phone, newKeyId(), copied)).toBe('reject')
    expect(await node.sign(second.phone, second.keyId)).toBe('ok')
  })
})

test('while the token is away every answer is "reject" and 503, and nothing is approved', async () => {
  const { user, phone, keyId } = await owner()
  const before = await user.transactions()
  await world.app.takeToken()
  try {
    await expect.poll(async () => (await user.get('/health/ready')).status).toBe(503)
    for (const path of paths) {
      const body = { token: phone.key, key_id: keyId, setup: { key_id: [keyId] }, instance: newInstance() }
      const { status, text, headers } = await node.hook(path, body)
      expect([path, status, text]).toEqual([path, 503, '"reject"'])
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
    }
  } finally {
    await world.app.bringTokenBack()
  }
  await expect.poll(() => node.sign(phone, keyId)).toBe('ok')
  const types = (await user.transactions()).slice(0, -before.length).map(({ type, status }) => [type, status])
  expect(types).toEqual([['sign', 'approved']])
})
