import { sql } from '@strongroom/storage'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { asking, changing, newHolder, passing, recover, restoring } from '../../test/changing.ts'
import { type Answered, type IdentityWorld, identityWorld } from '../../test/identity-world.ts'
import { newUser, type WalletOwner } from '../../test/wallet-owner.ts'

let world: IdentityWorld
beforeAll(async () => {
  world = await identityWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

const sessionIn = ({ body }: Answered): string | undefined =>
  (body as { data: { relationships: { session?: { data: { id: string } } } } }).data.relationships.session?.data.id

async function open({ walletId }: WalletOwner): Promise<string> {
  const id = sessionIn(await world.ask('GET', `/wallets/${walletId}`))
  if (id === undefined) throw new Error('no session was begun')
  return id
}

const read = async (session: string) => (await world.ask('GET', `/sessions/${session}`)).status

test('a changed password ends all sessions, and answers with one of its own', async () => {
  const owner = await newHolder(world)
  const sessions = [await open(owner), await open(owner)]
  const { call } = await changing(owner)
  const { answer } = await passing(world, call, { password: owner.password })
  expect(answer.status).toBe(200)
  expect(await Promise.all(sessions.map(read))).toEqual([404, 404])
  expect(await read(sessionIn(answer) ?? '')).toBe(200)
})

test('a recovery ends those of the owner, and restoration those of whoever recovered', async () => {
  const owner = await newHolder(world)
  const session = await open(owner)
  const thief = await recover(world, owner)
  expect(await read(session)).toBe(404)
  const thiefs = await open(thief)
  expect((await asking(world, restoring(owner))).status).toBe(200)
  expect(await read(thiefs)).toBe(404)
})

test('a session that is read again and again ends after a day', async () => {
  const session = await open(await newUser(world))
  const age = (hours: number) =>
    world.sql.run(
      sql`update identity.sessions set begun_at = strongroom.now() - make_interval(secs => ${hours * 3600})`,
    )
  await age(23.9)
  const before = await world.ask('GET', `/sessions/${session}`)
  const { expires_at: end } = (before.body as { data: { attributes: { expires_at: string } } }).data.attributes
  expect(Date.parse(end) - Date.now()).toBeLessThan(7 * 60_000)
  await age(24)
  expect(await read(session)).toBe(404)
})
