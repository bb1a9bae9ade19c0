import { type Limiter, limiter } from '@strongroom/http'
import { sql } from '@strongroom/storage'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { type AccountsWorld, accountsWorld } from './accounts-world.ts'
import { newDevice } from './device.ts'
import { beginTwoFactor, type SignedUp, signUp } from './person.ts'
import { heldIn, removal, signing } from './signing.ts'

let world: AccountsWorld
let { describeIt, send, secondDevice }: ReturnType<typeof signing> = {} as never
const unlimited: Limiter = { take: () => Promise.resolve(undefined) }
let requests = unlimited
afterEach(() => void (requests = unlimited))
beforeAll(async () => {
  world = await accountsWorld({ requests: { take: (name) => requests.take(name) } })
  ;({ describeIt, send, secondDevice } = signing(world))
})
afterAll(() => world[Symbol.asyncDispose]())

const few = () => limiter({ each: { points: 3, window: 3600 }, all: { points: 10_000, window: 3600 } })
/** As it would be where what stops were taken from what asks. */
function shared(): Limiter {
  const one = few()
  return { take: (name) => one.take(name.replace(/ stop$/, ' usual')) }
}
/** As it would be where an account, and not who asks, were counted. */
function byAccount(): Limiter {
  const one = few()
  return { take: (name) => one.take(name.replace(/\/\S+/, '')) }
}

async function flood(of: Pick<SignedUp, 'token'>): Promise<void> {
  const statuses = []
  for (let asked = 0; asked < 5; asked++)
    statuses.push((await world.ask('GET', '/sign/v1/changes', { token: of.token })).status)
  expect(statuses.at(-1)).toBe(429)
}

/** What waits of somebody’s, and the path by which a device stops it. */
const stopped = {
  'a change of signers': async (ann: SignedUp, other: SignedUp) => {
    const { id } = heldIn(await send(ann, await describeIt(ann, removal(other.phone.publicKey))))
    return `/sign/v1/changes/${id}`
  },
  'a recovery': async (ann: SignedUp, other: SignedUp) => {
    const { token } = await beginTwoFactor(world, ann.login, newDevice())
    await world.ask('POST', '/auth/v1/recover', { token })
    const { recoveries } = (await world.ask('GET', '/auth/v1/recover', { token: other.token })).body as {
      recoveries: { id: string; state: string }[]
    }
    expect(recoveries[0]?.state).toBe('open')
    return `/auth/v1/recover/${recoveries[0]?.id ?? ''}`
  },
  'a sign-in by two-factor': async (ann: SignedUp) =>
    `/device/v1/2fa/${(await beginTwoFactor(world, ann.login, newDevice())).id}`,
}

describe.each(Object.entries(stopped))('%s', (_, wait) => {
  test('is stopped by a device, however much was asked by it and by others', { timeout: 240_000 }, async () => {
    const ann = await signUp(world)
    const other = await secondDevice(ann)
    const path = await wait(ann, other)
    const stop = () => world.ask('DELETE', path, { token: other.token })
    // Were it one with what asks, it would be held up.
    requests = shared()
    await flood(other)
    expect(await stop()).toMatchObject({ status: 429 })
    requests = few()
    await flood(ann)
    await flood(other)
    expect(await stop()).toMatchObject({ status: 204 })
  })

  test('is stopped by one device while another spends what stops', { timeout: 240_000 }, async () => {
    const ann = await signUp(world)
    const other = await secondDevice(ann)
    const path = await wait(ann, other)
    const nobodys = '/sign/v1/changes/6f0c1f7e-3d1c-4a53-9f3c-1c8d6a3b2e10'
    const spend = async () => {
      for (let asked = 0; asked < 3; asked++) await world.ask('DELETE', nobodys, { token: ann.token })
      return (await world.ask('DELETE', nobodys, { token: ann.token })).status
    }
    requests = byAccount()
    expect(await spend()).toBe(429)
    expect(await world.ask('DELETE', path, { token: other.token })).toMatchObject({ status: 429 })
    requests = few()
    expect(await spend()).toBe(429)
    expect(await world.ask('DELETE', path, { token: other.token })).toMatchObject({ status: 204 })
  })
})

const stampRow = z.object({ stamp: z.instanceof(Uint8Array), until: z.date() })

test('a request that was denied is brought back by no row, whatever it says', { timeout: 240_000 }, async () => {
  const ann = await signUp(world)
  const look = (id: string) => world.ask('GET', `/device/v1/2fa/${id}`, { token: ann.token })
  const revive = (id: string, stamp: Uint8Array, until: Date) =>
    world.database.run(sql`
      update chain_accounts.two_factor_requests set state = 'pending', stamp = ${stamp}, expires_at = ${until}, ended_at = null
       where id = ${id}`)
  const rowOf = (id: string) =>
    world.database.one(
      stampRow,
      sql`select stamp, expires_at as until from chain_accounts.two_factor_requests where id = ${id}`,
    )
  const begun = await beginTwoFactor(world, ann.login, newDevice())
  const other = await beginTwoFactor(world, ann.login, newDevice())
  const { stamp, until } = await rowOf(begun.id)
  expect(await world.ask('DELETE', `/device/v1/2fa/${begun.id}`, { token: ann.token })).toMatchObject({ status: 204 })
  const later = new Date(until.getTime() + 3_600_000)
  const tried: readonly [string, Uint8Array, Date][] = [
    ['a stamp of nobody', new Uint8Array(32), until],
    ['the stamp of another request', (await rowOf(other.id)).stamp, until],
    ['its own, with more time', stamp, later],
  ]
  for (const [what, planted, end] of tried) {
    await revive(begun.id, planted, end)
    expect([what, (await look(begun.id)).status]).toEqual([what, 500])
    expect([what, (await send(ann, begun.call)).status]).toEqual([what, 500])
  }
  // What was tried can be seen to be a request that would be signed for: all of it as it was.
  await revive(begun.id, stamp, until)
  expect(await look(begun.id)).toMatchObject({ status: 200 })
  expect(await send(ann, begun.call)).toMatchObject({ status: 200 })
  // It cannot be denied by state alone, either: no row is denied and stamped.
  const halfway = world.database.run(
    sql`update chain_accounts.two_factor_requests set state = 'denied' where id = ${other.id}`,
  )
  await expect(halfway).rejects.toThrow(/two_factor_requests/)
})
