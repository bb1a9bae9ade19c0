import { once } from 'node:events'
import { openDatabase, sql } from '@strongroom/storage'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { askForAddress, changePassword, newAddress, restoring } from './changes.ts'
import { type Answered, clientOf, newEmail, startIdentityStorage, type World } from './client.ts'
import { enableTotp, setting, passing } from './demands.ts'
import { follow, linksTo } from './mails.ts'
import { bodyOf, newOwner, newWallet } from './owners.ts'
import { recover } from './recoveries.ts'

let world: World
beforeAll(async () => {
  world = await startIdentityStorage()
})
afterAll(() => world[Symbol.asyncDispose]())

const get = (path: string) => world.ask({ path })

test('it is live and ready, and its metrics name routes by template: no id of a wallet stands in them', async () => {
  const owner = await newWallet(world)
  await get(`/wallets/${owner.walletId}`)
  expect([(await get('/health/live')).status, (await get('/health/ready')).status]).toEqual([200, 200])
  const { text } = await get('/metrics')
  expect(text).toMatch(/route="\/wallets\/:walletId",status="403",refusal="verification-required"\} \d/)
  expect(text.includes(owner.walletId)).toBe(false)
})

test('its OpenAPI document is 3.1 and names every route of the wire', async () => {
  const { openapi, paths } = (await get('/openapi.json')).body as { openapi: string; paths: Record<string, object> }
  expect(openapi).toMatch(/^3\.1/)
  const routes = Object.entries(paths).flatMap(([path, ways]) =>
    Object.keys(ways).map((method) => `${method.toUpperCase()} ${path}`),
  )
  for (const route of [
    'POST /wallets',
    'GET /kdf',
    'GET /wallets/kdf',
    'GET /wallets/{walletId}',
    'PUT /wallets/{walletId}',
    'POST /wallets/{walletId}',
    'DELETE /wallets/{walletId}',
    'POST /wallets/{walletId}/verification',
    'PUT /wallets/{walletId}/verification',
    'POST /wallets/{walletId}/restoration',
    'GET /wallets/{walletId}/factors',
    'POST /wallets/{walletId}/factors',
    'PATCH /wallets/{walletId}/factors/{factorId}',
    'DELETE /wallets/{walletId}/factors/{factorId}',
    'PUT /wallets/{walletId}/factors/{factorId}/verification',
    'GET /sessions/{sessionId}',
    'GET /',
    'GET /v3/key_values/{key}',
    'GET /v3/accounts/{id}/signers',
    'POST /v3/transactions',
    'GET /v3/kyc_recovery_requests',
  ])
    expect(routes).toContain(route)
})

const isMade = (answer: PromiseSettledResult<Answered> | undefined): boolean =>
  answer?.status === 'fulfilled' && answer.value.status === 201

test('SIGTERM lets requests in flight end, takes no new ones, and exits with 0', async () => {
  const { baseUrl, child } = await world.app.spawn()
  const ask = clientOf(baseUrl)
  const owners = Array.from({ length: 20 }, () => newOwner())
  const make = (owner: (typeof owners)[number]) => ask({ method: 'POST', path: '/wallets', body: bodyOf(owner) })
  const ended = once(child, 'exit')
  const database = openDatabase({ connectionString: world.app.database.adminUrl, connections: 1 })
  // None can be answered before the signal: they wait for the table.
  const inFlight = await database.transaction(async (tx) => {
    const waiting = `select from pg_locks join pg_database as d on d.oid = database
      where not granted and datname = current_database() and relation = 'identity.wallets'::regclass`
    // A slow machine needs longer until they wait than a service may hold a transaction open.
    await tx.run(sql`set local idle_in_transaction_session_timeout = 0`)
    await tx.run(sql`lock table identity.wallets in share mode`)
    const asked = Promise.allSettled(owners.map(make))
    await expect.poll(() => world.app.sql(waiting)).not.toEqual([])
    child.kill('SIGTERM')
    return { asked }
  })
  await database.close()
  const answers = await inFlight.asked
  expect((await ended)[0]).toBe(0)
  await expect(make(newOwner())).rejects.toThrow('fetch failed')
  const made = owners.filter((_, index) => isMade(answers[index]))
  expect(made.length).toBeGreaterThan(0)
  for (const { email } of made) expect((await get(`/kdf?email=${email}`)).status).toBe(200)
})

test('what happens to a wallet is in the audit log, by number: no address, id, token or code', async () => {
  const before = Number(
    (await world.app.sql('select coalesce(max(id), 0)::int as last from audit.events'))[0]?.['last'],
  )
  const owner = await newWallet(world)
  await follow(world, owner.email)
  await world.ask({ path: `/wallets/${owner.walletId}` })
  const totp = await enableTotp(world, owner)
  await passing(world, setting(owner, totp.id, 0), { totp: totp.secret })
  await world.ask({ method: 'DELETE', path: `/wallets/${owner.walletId}/factors/${totp.id}`, by: owner.signer })
  const { next } = await changePassword(world, owner)
  const { found } = await recover(world, next)
  await world.ask(restoring(next))
  const moved = newAddress(next, newEmail())
  await askForAddress(world, next, moved)
  const [link] = await linksTo(world.app, moved.email)
  await follow(world, moved.email)
  await world.ask({ method: 'DELETE', path: `/wallets/${moved.walletId}`, by: world.admin })
  const rows = await world.app.sql(
    `select event, subject, detail::text as detail from audit.events where id > ${String(before)} order by id`,
  )
  const kinds = new Set(rows.map(({ event }) => String(event)))
  for (const kind of [
    'wallet-created',
    'wallet-verified',
    'wallet-opened',
    'factor-demanded',
    'factor-verified',
    'factors-used',
    'factor-created',
    'factor-changed',
    'factor-deleted',
    'change-asked',
    'change-applied',
    'wallet-restored',
    'wallet-deleted',
  ])
    expect(kinds).toContain(`identity.${kind}`)
  const told = JSON.stringify(rows)
  const secrets = [owner, next, found, moved].flatMap(({ email, walletId }) => [email, walletId])
  expect([...secrets, totp.secret, link?.token ?? ''].filter((secret) => told.includes(secret))).toEqual([])
})
