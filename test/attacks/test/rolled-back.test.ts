import { clientOf } from '@strongroom/key-server/testing'
import { connect } from '@strongroom/postgres'
import { keepCopy, loseDatabase, type TestApp } from '@strongroom/test-world'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { hold } from './hold.ts'
import { baseUrlOf, kill, spawnApi, startKeyServer } from './key-server.ts'

const refused = /the database is at epoch \d+ and the token "key-server" at \d+: .*run accept-restore/s

const killAll = (app: TestApp) => Promise.all(app.processes.map(kill))
const epochOf = async (app: TestApp) => Number((await app.sql('select number from keystore.epoch'))[0]?.['number'])

/** Only the superuser sees the statements of others. */
async function askAll(query: string) {
  const superuser = await connect(inject('postgres'))
  try {
    return await superuser.query(query)
  } finally {
    await superuser.end()
  }
}

const raising = (app: TestApp) =>
  `from pg_stat_activity
    where datname = '${app.database.name}' and query like 'update keystore.epoch%' and state = 'active'`

describe('case 6, an old database in the place of the new one, on the key server', () => {
  let app: TestApp
  beforeAll(async () => {
    app = await startKeyServer()
  })
  afterAll(() => app.stop())

  it('every role refuses to start, and so does provisioning; after an operator accepted it the app serves', async () => {
    const keyId = await clientOf(baseUrlOf(app)).create('4829')
    await using copy = await keepCopy(app.database)
    for (let guess = 0; guess < 10; guess++) await clientOf(baseUrlOf(app)).open(keyId, '0000')
    expect((await clientOf(baseUrlOf(app)).open(keyId, '4829')).status).toBe(429)
    await killAll(app)
    const { child } = await app.spawn()
    await kill({ child })

    await copy.restore()
    await expect(app.spawn()).rejects.toThrow(refused)
    await expect(app.spawn({}, '--role=worker')).rejects.toThrow(refused)
    await expect(spawnApi(app)).rejects.toThrow(refused)
    expect(await app.provision()).toBe(1)

    const accepted = await app.run('accept-restore')
    expect(accepted).toMatchObject({ code: 0 })
    expect(accepted.output).toMatch(
      /^Accepted: the database was at epoch 1 and the token "key-server" at 2\. Both are at 3/m,
    )
    const events = await app.sql(`select subject, detail from audit.events where event = 'keystore.restore-accepted'`)
    expect(events).toEqual([{ subject: 'key-server', detail: { database: 1, token: 2 } }])
    const client = clientOf((await app.spawn()).baseUrl)
    // What the old database did not know is forgotten: that is what the operator accepted.
    expect((await client.open(keyId, '4829')).status).toBe(200)

    const again = await app.run('accept-restore')
    expect(again.output).toMatch(/^Nothing to accept: the database is at epoch 4/m)
    expect(await app.sql(`select from audit.events where event = 'keystore.restore-accepted'`)).toHaveLength(1)
    await killAll(app)
  }, 180_000)

  it('ten that start at once all serve', async () => {
    const before = await epochOf(app)
    const started = await Promise.all(Array.from({ length: 10 }, () => spawnApi(app)))
    for (const { baseUrl } of started) expect((await fetch(`${baseUrl}/health/ready`)).status).toBe(200)
    expect(await epochOf(app)).toBe(before + 10)
    await killAll(app)
  }, 180_000)

  it.each([
    { point: 'before the database is raised', raised: 0 },
    { point: 'between the database and the token', raised: 1 },
  ])(
    'a start that is killed $point leaves no old database behind',
    async ({ raised }) => {
      const before = await epochOf(app)
      await using held = await hold(app, 'lock table keystore.epoch in exclusive mode')
      const child = app.launch(['serve'])
      await held.caught('update keystore.epoch')
      await kill({ child })
      // Without this the statement of the dead goes on as soon as it may: the database is raised, and nobody raises the token.
      if (raised === 0) await askAll(`select pg_terminate_backend(pid, 5000) ${raising(app)}`)
      await held.release()
      await expect.poll(() => askAll(`select ${raising(app)}`)).toEqual([])
      expect(await epochOf(app)).toBe(before + raised)
      await app.spawn()
      expect(await epochOf(app)).toBe(before + raised + 1)
      await killAll(app)
    },
    180_000,
  )

  it('a new database beside a token that served another one is refused likewise', async () => {
    await loseDatabase(app.database)
    expect(await app.provision()).toBe(1)
    expect(await app.log()).toMatch(/the database is at epoch 0 and the token "key-server" at/)
    await expect(app.spawn()).rejects.toThrow(/accept-restore|not made yet/)
    expect(await app.run('accept-restore')).toMatchObject({ code: 0 })
    expect(await app.provision()).toBe(0)
    const client = clientOf((await app.spawn()).baseUrl)
    const keyId = await client.create('4829')
    expect((await client.open(keyId, '4829')).status).toBe(200)
  }, 180_000)
})
