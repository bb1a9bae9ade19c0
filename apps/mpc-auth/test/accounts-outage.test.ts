import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  type AccountsWorld,
  type DeviceKey,
  type Person,
  fundRelayers,
  newKey,
  personOf,
  refused,
  signedIn,
  startAccounts,
} from './accounts-world.ts'

let world: AccountsWorld
beforeAll(async () => {
  world = await startAccounts({ money: 'none', processes: 2 })
})
afterAll(() => world[Symbol.asyncDispose]())

const soon = { timeout: 60_000, interval: 300 }

let settled: { ann: Person; key: DeviceKey } | undefined

// One story, in this order: nobody can pay, somebody pays, a process dies, the node is gone.
test('sign-ups are answered while nobody can pay, and stand once somebody can', async () => {
  const people = [personOf(world), personOf(world, { process: 1 })].map((person) => ({ person, key: newKey() }))
  for (const { person, key } of people) expect((await person.signUp(key)).status).toBe(201)
  for (const { person, key } of people) expect(refused(await person.signIn(key))).toEqual([400, 'PleaseDeploy'])
  await fundRelayers(world)
  for (const { person, key } of people) await expect.poll(async () => (await person.signIn(key)).status, soon).toBe(200)
})

test(
  'an account stands whichever process is killed while it is deployed, and stands once',
  { timeout: 180_000 },
  async () => {
    const [ann, phone] = [personOf(world), newKey()]
    const { account } = signedIn(await ann.signUp(phone))
    world.app.processes[1]?.child.kill('SIGKILL')
    // What the one that died had taken is free after half a minute, and a few seconds more.
    await expect.poll(async () => (await ann.signIn(phone)).status, { ...soon, timeout: 90_000 }).toBe(200)
    const rows = await world.app.sql(
      `select count(*)::int as count from chain_accounts.addresses where account_id = '${account.id}'`,
    )
    expect(rows).toEqual([{ count: 1 }])
  },
)

test('while the node is away people sign up and in, and what needs the chain says so', async () => {
  const ann = personOf(world)
  const { key, credentials } = await ann.settle()
  settled = { ann, key }
  await world.node.close()
  expect((await ann.signIn(key)).status).toBe(200)
  expect((await personOf(world).signUp(newKey())).status).toBe(201)
  const answer = await ann.send('DELETE', `/key/v1/keys/${key.publicKey}`, { token: credentials.accessToken })
  expect([...refused(answer), answer.headers.has('retry-after')]).toEqual([503, 'ChainUnavailable', true])
  expect((await ann.get('/account/v1/me', credentials.accessToken)).status).toBe(200)
})

const ready = (status: number) =>
  expect
    .poll(async () => (await fetch(new URL('/health/ready', world.app.baseUrls[0]))).status, { timeout: 60_000 })
    .toBe(status)

test('while the token is away nobody gets in, and a challenge waits for it', async () => {
  const { ann, key } = settled ?? {}
  if (!ann || !key) throw new Error('the test before this one settles somebody')
  const data = await ann.challenge(key.publicKey)
  await world.app.takeToken()
  await ready(503)
  for (const answer of [await ann.respond(data, key.sign(data)), await personOf(world).signUp(newKey())])
    expect([answer.status, answer.headers.has('retry-after')]).toEqual([503, true])
  await world.app.bringTokenBack()
  await ready(200)
  expect((await ann.respond(data, key.sign(data))).status).toBe(200)
  expect(refused(await ann.respond(data, key.sign(data)))).toEqual([400, 'ChallengeNotFound'])
})
