import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { errorOf, newDevice, newKeyId, startMpcAuth, type User, userOf, type World } from './client.ts'
import { passTime } from './pass-time.ts'
import { openUpload } from './upload.ts'

let world: World
beforeAll(async () => {
  world = await startMpcAuth({ processes: 2 })
})
afterAll(() => world[Symbol.asyncDispose]())

const newShare = (bytes = 60) => randomBytes(bytes).toString('base64')
const item = (keyId: string, share = newShare()) => ({ key_id: keyId, encrypted_keyshare: share })
const base = () => world.app.baseUrls[0] ?? ''

/** A user with a face, a device, and so many keys. */
async function owner(keys = 1) {
  const user = userOf(world)
  await user.register()
  await user.addFace()
  const phone = newDevice()
  await user.send('POST', '/auth/devices/register', { ...(await user.signed(phone)), ...(await user.scan()) })
  const ids = await Promise.all(Array.from({ length: keys }, () => user.addKey(phone)))
  return { user, keys: ids, keyId: ids[0] ?? '' }
}

interface Recovered {
  readonly keyshares?: readonly { key_id: string; encrypted_keyshare?: string }[]
}
async function shareOf(user: User, keyId: string): Promise<string | undefined> {
  const { body } = await user.recover([keyId])
  return (body as Recovered).keyshares?.[0]?.encrypted_keyshare
}
const backedUp = async (user: User) =>
  ((await user.get('/v2/keys')).body as { keys: { key_id: string; backup?: object }[] }).keys.filter(
    (one) => one.backup,
  )
const stored = async (keyId: string) =>
  (await world.app.sql(`select count(*)::int as count from key_shares.backups where key_id = '${keyId}'`))[0]?.['count']

test('what was saved comes back, in the order that was asked for', async () => {
  const { user, keys } = await owner(3)
  const shares = keys.map((id) => item(id))
  const saved = await user.backUp(shares)
  const date = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
  expect([saved.status, saved.body]).toEqual([
    200,
    {
      success: true,
      message: 'Keyshares saved successfully',
      keyshares: keys.map((id) => ({ key_id: id, created_at: date })),
    },
  ])
  const backwards = shares.toReversed()
  const { status, body } = await user.recover(backwards.map(({ key_id }) => key_id))
  expect([status, body]).toEqual([200, { success: true, keyshares: backwards }])
})

test('what cannot be had is said of each, and a key of somebody else is a key of nobody', async () => {
  const [ann, ben] = [await owner(2), await owner()]
  const [first = '', second = ''] = ann.keys
  await ann.user.backUp([item(first)])
  await ben.user.backUp([item(ben.keyId)])
  const none = { error: { code: 100301, message: 'No backup data found for this wallet' } }
  const { status, body } = await ann.user.recover([ben.keyId, first, second, 'nobodys'])
  expect([status, body]).toEqual([
    207,
    {
      success: false,
      message: 'Some keyshares could not be recovered',
      keyshares: [
        { key_id: ben.keyId, ...none },
        { key_id: first, encrypted_keyshare: expect.any(String) },
        { key_id: second, ...none },
        { key_id: 'nobodys', ...none },
      ],
    },
  ])
  expect((await ann.user.recover([ben.keyId, second])).text).toBe(errorOf(100301, none.error.message))
})

test('a stored share is sealed to its key, version and owner: none can be put in the place of another', async () => {
  const [ann, ben] = [await owner(2), await owner()]
  const [first = '', second = ''] = ann.keys
  const secret = newShare()
  await ann.user.backUp([item(first, secret), item(second)])
  await ben.user.backUp([item(ben.keyId)])
  const envelope = `(select envelope from key_shares.backups where key_id = '${first}' and retired_at is null)`
  const raw = Buffer.from(secret, 'base64').toString('hex')
  const [row] = await world.app.sql(`select encode(${envelope}, 'hex') as hex`)
  expect(String(row?.['hex'])).not.toContain(raw)
  for (const [user, keyId] of [
    [ann.user, second],
    [ben.user, ben.keyId],
  ] as const) {
    await world.app.sql(`update key_shares.backups set envelope = ${envelope} where key_id = '${keyId}'`)
    await expect(user.recover([keyId])).rejects.toThrow('terminated')
  }
  expect(await shareOf(ann.user, first)).toBe(secret)
})

describe('versions', () => {
  test('the newest one counts; the one before it is brought back by an operator, and back again', async () => {
    const { user, keyId } = await owner()
    const shares = Array.from({ length: 3 }, () => newShare())
    for (const share of shares) await user.backUp([item(keyId, share)])
    expect(await shareOf(user, keyId)).toBe(shares[2])
    const restore = () => world.app.run('restore-backup', keyId)
    expect(await restore()).toEqual({ code: 0, output: expect.stringMatching(/^version 2 is the current one$/m) })
    expect(await shareOf(user, keyId)).toBe(shares[1])
    expect((await restore()).output).toMatch(/^version 3 is the current one$/m)
    const newest = newShare()
    await user.backUp([item(keyId, newest)])
    expect(await shareOf(user, keyId)).toBe(newest)
    const events = await world.app.sql(`select detail from audit.events where event = 'mpc.backup-restored'
      and detail->>'key' = '${keyId}' order by id`)
    expect(events.map(({ detail }) => detail)).toEqual([2, 3].map((version) => ({ key: keyId, version })))
  })

  test('any that is kept is listed, and brought back by its number: saving twice hides none', async () => {
    const { user, keyId } = await owner()
    const shares = Array.from({ length: 3 }, () => newShare())
    for (const share of shares) await user.backUp([item(keyId, share)])
    const listed = await world.app.run('list-backups', keyId)
    expect(listed.output).toMatch(/^3 \S+Z current\n2 \S+Z\n1 \S+Z$/m)
    expect((await world.app.run('restore-version', keyId, '1')).output).toMatch(/^version 1 is the current one$/m)
    expect(await shareOf(user, keyId)).toBe(shares[0])
    for (const wrong of ['4', '1', 'one']) expect((await world.app.run('restore-version', keyId, wrong)).code).toBe(1)
  })

  test('that were replaced are kept for thirty days, the current one for ever', async () => {
    const { user, keyId } = await owner()
    const current = newShare()
    for (const share of [newShare(), newShare(), current]) await user.backUp([item(keyId, share)])
    await passTime(world.app, '29 days')
    expect(await stored(keyId)).toBe(3)
    await passTime(world.app, '2 days')
    await expect.poll(() => stored(keyId)).toBe(1)
    expect(await world.app.run('restore-backup', keyId)).toEqual({
      code: 1,
      output: expect.stringContaining('no such earlier version of this key is kept'),
    })
    await passTime(world.app, '400 days')
    expect(await shareOf(user, keyId)).toBe(current)
  })

  test('of backups at once: every one has its own, the newest counts, and each is told whether it does', async () => {
    const { user, keyId } = await owner()
    const doors = world.app.baseUrls.map((url) => userOf(world, user.subject, url))
    const shares = Array.from({ length: 12 }, () => newShare())
    const answers = await Promise.all(
      shares.map((share, index) => (doors[index % 2] ?? user).backUp([item(keyId, share)])),
    )
    for (const { status, body } of answers) {
      if (status === 200) continue
      const error = { code: 100303, message: 'Backup changed concurrently' }
      expect([status, body]).toMatchObject([207, { keyshares: [{ key_id: keyId, error }] }])
    }
    const rows = await world.app.sql(`select version, retired_at is null and published_at is not null as current
      from key_shares.backups where key_id = '${keyId}' order by version`)
    expect(rows).toEqual(shares.map((_, index) => ({ version: index + 1, current: index === 11 })))
    expect(shares).toContain(await shareOf(user, keyId))
  })

  test('of two requests with the same keys in other orders: both are answered, and one request’s shares count', async () => {
    const { user, keys } = await owner(6)
    const [one, other] = [keys.map((id) => item(id)), keys.toReversed().map((id) => item(id))]
    const answers = await Promise.all([user.backUp(one), user.backUp(other), user.backUp(one), user.backUp(other)])
    expect(answers.every(({ status }) => status === 200 || status === 207)).toBe(true)
    expect((await user.recover(keys)).status).toBe(200)
  })

  test('a slow backup that a newer one overtook is told so, and changes nothing', async () => {
    const { user, keyId } = await owner()
    const slow = await openUpload(base(), user)
    await slow.send(`{"keyshares":[${JSON.stringify(item(keyId))}`)
    await expect.poll(() => stored(keyId)).toBe(1)
    const newer = newShare()
    expect((await user.backUp([item(keyId, newer)])).status).toBe(200)
    slow.end(']}')
    const { status, text } = await slow.answered
    expect([status, JSON.parse(text)]).toEqual([
      207,
      {
        success: false,
        message: 'Some keyshares could not be saved',
        keyshares: [{ key_id: keyId, error: { code: 100303, message: 'Backup changed concurrently' } }],
      },
    ])
    expect(await shareOf(user, keyId)).toBe(newer)
  })
})

describe('a request that comes to nothing', () => {
  const large = newShare(200_000)

  test('because its sender hung up in the middle leaves nothing, and what was there stays', async () => {
    const { user, keys } = await owner(2)
    const [first = '', second = ''] = keys
    const before = newShare()
    await user.backUp([item(first, before)])
    const upload = await openUpload(base(), user)
    await upload.send(`{"keyshares":[${JSON.stringify(item(first, large))},`)
    await expect.poll(() => stored(first)).toBe(2)
    expect(await shareOf(user, first)).toBe(before)
    await upload.send(JSON.stringify(item(second, large)).slice(0, 1000))
    upload.hangUp()
    await expect(upload.answered).rejects.toThrow(/socket hang up|ECONNRESET/)
    await expect.poll(() => stored(first)).toBe(1)
    expect((await backedUp(user)).map(({ key_id }) => key_id)).toEqual([first])
    expect(await shareOf(user, first)).toBe(before)
  })

  test('because the process was killed is swept away within hours', async () => {
    const { user, keyId } = await owner()
    const { child, baseUrl } = await world.app.spawn({}, '--role=api')
    const upload = await openUpload(baseUrl, user)
    await upload.send(`{"keyshares":[${JSON.stringify(item(keyId, large))}`)
    await expect.poll(() => stored(keyId)).toBe(1)
    child.kill('SIGKILL')
    await expect(upload.answered).rejects.toThrow(/socket hang up|ECONNRESET/)
    expect(await backedUp(user)).toEqual([])
    await passTime(world.app, '2 hours')
    await expect.poll(() => stored(keyId)).toBe(0)
  })

  test('because whoever recovers hung up harms nobody', async () => {
    const { user, keys } = await owner(4)
    await user.backUp(keys.map((id) => item(id, newShare(1_048_576))))
    for (let time = 0; time < 4; time++) {
      const abort = new AbortController()
      const answer = await fetch(`${base()}/v2/keyshare/recover`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${await user.token()}` },
        body: JSON.stringify({ key_ids: keys, ...(await user.scan()) }),
        signal: abort.signal,
      })
      await answer.body?.getReader().read()
      abort.abort()
    }
    await expect.poll(async () => (await world.app.log()).includes('broken-off')).toBe(true)
    expect((await user.recover(keys)).status).toBe(200)
  })
})

const sorted = (all: readonly object[]) => all.map((one) => JSON.stringify(one)).toSorted()

test('every backup and recovery is in the audit log, by key and version', async () => {
  const { user, keys } = await owner(2)
  await user.backUp(keys.map((id) => item(id)))
  await user.recover(keys)
  const events = await world.app
    .sql(`select event, detail->>'key' as key, (detail->>'version')::int as version from audit.events
    where event like 'mpc.backup%' and detail->>'key' in ('${keys.join("','")}') order by id`)
  const told = (event: string) => keys.map((key) => ({ event, key, version: 1 }))
  expect(sorted(events)).toEqual(sorted([...told('mpc.backup-saved'), ...told('mpc.backup-recovered')]))
})

test('a key’s id that the user has not is told beside those that were saved', async () => {
  const { user, keyId } = await owner()
  const unknown = newKeyId()
  const { status, body } = await user.backUp([item(unknown), item(keyId)])
  expect([status, body]).toMatchObject([
    207,
    { keyshares: [{ key_id: unknown, error: { code: 100601, message: 'Key not found' } }, { key_id: keyId }] },
  ])
  expect(await stored(unknown)).toBe(0)
})
