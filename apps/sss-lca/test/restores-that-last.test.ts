import { afterAll, beforeAll, expect, test } from 'vitest'
import { newSeed, type Person, personOf, startSssLca, type World } from './client.ts'
import { passTime } from './pass-time.ts'
import { codeTo, newEmail, newPhone, newShare } from './people.ts'

let world: World
beforeAll(async () => {
  world = await startSssLca()
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
})

const shown = async (person: Person) => (await person.get()).body as { authShare: object } | null

/** An owner whose record somebody deleted, with a login and a captured presentation, to make one of their own there. */
async function takenOver(place: World) {
  const email = newEmail()
  const owner = personOf(place, { email })
  const share = newShare()
  await owner.put(share)
  await owner.remove()
  const vandal = personOf(place, { email, seed: newSeed() })
  expect((await vandal.put(newShare())).status).toBe(200)
  return { owner, vandal, share }
}

test('an earlier state of a vandal’s record does not displace its owner’s', async () => {
  const { owner, vandal, share } = await takenOver(world)
  // Replaced once, so that a copy of it is held beside the one that the owner displaces.
  await vandal.put(newShare())
  expect((await owner.restore()).status).toBe(200)
  expect((await vandal.restore()).status).toBe(404)
  expect((await vandal.restore({ shareVersion: 1 })).status).toBe(404)
  expect(await shown(owner)).toMatchObject({ authShare: { encryptedData: share } })
})

test('neither does one that the vandal deleted, on the last day of its hold, when the owner’s is over', async () => {
  const own = await startSssLca()
  await using _ = own
  const { owner, vandal, share } = await takenOver(own)
  await passTime(own.app, '1 hour')
  await vandal.remove()
  await passTime(own.app, '1 day')
  expect((await owner.restore()).status).toBe(200)
  await passTime(own.app, '5 days 23 hours 30 minutes')
  expect((await owner.restore()).status).toBe(404)
  expect((await vandal.restore()).status).toBe(404)
  expect(await shown(owner)).toMatchObject({ authShare: { encryptedData: share } })
})

test('whoever has both DIDs makes room twenty times a day, and has no more messages sent', async () => {
  const { owner, vandal } = await takenOver(world)
  const restored: number[] = []
  for (let round = 0; round < 23; round++) {
    restored.push((await owner.restore()).status)
    await owner.remove()
    await vandal.put(newShare())
  }
  expect(restored.filter((status) => status === 200).length).toBeLessThanOrEqual(20)
  expect(restored.at(-1)).toBe(429)
})

test('a record that was moved away and restored is its owner’s to reach, though the login is known by another address now', async () => {
  const phone = newPhone()
  const owner = personOf(world, { phone })
  const share = newShare()
  await owner.put(share)
  const email = newEmail()
  await owner.ask({ path: '/send-login-verification-code', body: { email } })
  const moved = await owner.upgrade({ previousPhone: phone, email, code: await codeTo(world.app, email) })
  expect(moved.status).toBe(200)
  expect((await owner.restore()).status).toBe(200)
  // The provider names the address first from now on, which finds nothing.
  expect((await owner.get()).body).toBeNull()
  const contactMethod = { type: 'phone', value: phone }
  expect((await owner.get({ contactMethod })).body).toMatchObject({ authShare: { encryptedData: share } })
  expect((await owner.put(newShare(), { contactMethod })).body).toMatchObject({ shareVersion: 2 })
  const stranger = personOf(world, { phone: newPhone(), email: newEmail() })
  expect((await stranger.get({ contactMethod })).status).toBe(403)
})
