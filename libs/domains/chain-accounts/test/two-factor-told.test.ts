import { sql } from '@strongroom/storage'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { pushHold } from '../src/sign/jobs.ts'
import { pushRequest } from '../src/two-factor/jobs.ts'
import { type AccountsWorld, accountsWorld } from './accounts-world.ts'
import { type Device, newDevice } from './device.ts'
import { beginTwoFactor, loginOf, relayed, type SignedUp, signUp, soon } from './person.ts'
import { addition, heldIn, signing } from './signing.ts'

let world: AccountsWorld
let { describeIt, send, secondDevice, signersOf, registerRecovery }: ReturnType<typeof signing> = {} as never
beforeAll(async () => {
  world = await accountsWorld()
  ;({ describeIt, send, secondDevice, signersOf, registerRecovery } = signing(world))
})
afterAll(() => world[Symbol.asyncDispose]())

const pushTokenOf = ({ userKey }: Device) => (userKey.device as { pushToken: string }).pushToken
const toldTo = (device: Device, about: string) =>
  world.pushed.filter(
    ({ to, data }) => to === `fcm:${pushTokenOf(device)}` && data?.['hyphen:data']?.includes(about) === true,
  )
const deny = (id: string, token: string) => world.ask('DELETE', `/device/v1/2fa/${id}`, { token })
const keyOf = async (of: SignedUp, { publicKey }: Device) => {
  const { keys } = (await world.ask('GET', '/key/v1/keys', { token: of.token })).body as {
    keys: { publicKey: string; state: string }[]
  }
  return keys.find((one) => one.publicKey === publicKey)
}

const begin = (login: string, { publicKey }: Device) =>
  world.ask('POST', '/auth/v1/signin/challenge', {
    body: { challengeType: 'deviceKey', request: loginOf(login), publicKey },
  })
async function signIn(login: string, device: Device): Promise<{ accessToken: string }> {
  const { challengeData } = (await begin(login, device)).body as { challengeData: string }
  const body = { challengeType: 'deviceKey', challengeData, deviceKey: { signature: device.signText(challengeData) } }
  const answer = await world.ask('POST', '/auth/v1/signin/challenge/respond', { body })
  expect(answer).toMatchObject({ status: 200 })
  return (answer.body as { credentials: { accessToken: string } }).credentials
}

/** Until sweeps have looked at all that was signed for that account. */
const settled = (of: SignedUp) =>
  vi.waitFor(async () => {
    await world.sweep()
    const { open } = await world.database.one(
      z.object({ open: z.int() }),
      sql`select count(*)::int as open from chain_accounts.signer_changes
           where account_id = ${of.accountId} and state = 'signed' and settled_at is null`,
    )
    expect(open).toBe(0)
  }, soon)

describe('every device is told', () => {
  test('however long the names are that a device gives itself', { timeout: 240_000 }, async () => {
    const ann = await signUp(world)
    for (const letter of ['a', '\u00e9', '\u6f22', '\u{1f4f1}', '"', '\\']) {
      const word = letter.repeat(200 / letter.length)
      const few = letter.repeat(50 / letter.length)
      const names = { name: word, deviceManufacturer: word, deviceModel: word }
      const device = newDevice({ ...names, sdkVersion: few, osName: few, osVersion: few, lang: few })
      const begun = await beginTwoFactor(world, ann.login, device)
      expect(begun.answer).toMatchObject({ status: 200 })
      await vi.waitFor(() => expect(toldTo(ann.phone, begun.id)).toHaveLength(1), soon)
      // Beyond 4,096 bytes of names and values FCM takes nothing, and nobody would be told.
      const [{ data = {} } = {}] = toldTo(ann.phone, begun.id)
      const bytes = Object.entries(data).flat().join('')
      expect(Buffer.byteLength(bytes)).toBeLessThan(3_800)
      expect(JSON.parse(data['hyphen:data'] ?? '')).toMatchObject({ twoFactorAuth: { id: begun.id } })
    }
  })

  test(
    'that a key is in, also where a device had denied it when the chain had it already',
    { timeout: 240_000 },
    async () => {
      const bob = await signUp(world)
      const tablet = await secondDevice(bob)
      const late = newDevice()
      const begun = await beginTwoFactor(world, bob.login, late)
      await relayed(world, bob.token, await send(bob, begun.call))
      expect(await deny(begun.id, tablet.token)).toMatchObject({ status: 204 })
      await settled(bob)
      expect(await signersOf(bob)).toContain(late.publicKey)
      for (const { phone } of [bob, tablet])
        await vi.waitFor(
          () =>
            expect(toldTo(phone, begun.id).map(({ text }) => text)).toContainEqual(expect.stringContaining('let in')),
          soon,
        )
      // It weighs on the chain, and opens nothing here: no session, and no signature of ours.
      expect(await keyOf(bob, late)).toMatchObject({ state: 'pending' })
      const finish = await world.ask('POST', '/auth/v1/signin/2fa/finish', {
        token: begun.token,
        body: { twoFactorAuthRequestId: begun.id },
      })
      expect(finish).toMatchObject({ error: 'TwoFactorDenied' })
      // Nor is it let in by asking once more: the chain has it, so whatever was sent would look like a yes.
      await world.pass('181 seconds')
      expect((await beginTwoFactor(world, bob.login, late)).answer).toMatchObject({ error: 'InvalidRequest' })
      await world.pass('2 hours')
      await world.sweep()
      expect(await keyOf(bob, late)).toMatchObject({ state: 'pending' })
    },
  )

  test(
    'that a key is in which counted already when a device denied it, and counts no more',
    { timeout: 240_000 },
    async () => {
      const dan = await signUp(world)
      const tablet = await secondDevice(dan)
      const late = newDevice()
      const begun = await beginTwoFactor(world, dan.login, late)
      await relayed(world, dan.token, await send(dan, begun.call))
      await settled(dan)
      expect(await keyOf(dan, late)).toMatchObject({ state: 'active' })
      const { accessToken } = await signIn(dan.login, late)
      expect(await world.ask('GET', '/account/v1/me', { token: accessToken })).toMatchObject({ status: 200 })
      expect(await deny(begun.id, tablet.token)).toMatchObject({ status: 204 })
      expect(await keyOf(dan, late)).toMatchObject({ state: 'pending' })
      expect(await world.ask('GET', '/account/v1/me', { token: accessToken })).toMatchObject({ status: 401 })
      expect(await begin(dan.login, late)).toMatchObject({ error: 'PleaseRegisterKey' })
      await settled(dan)
      expect(await keyOf(dan, late)).toMatchObject({ state: 'pending' })
    },
  )

  test('for as long as they can do something about it', { timeout: 240_000 }, async () => {
    const cat = await signUp(world)
    const begun = await beginTwoFactor(world, cat.login, newDevice())
    await relayed(world, cat.token, await send(cat, begun.call))
    await settled(cat)
    const cloud = newDevice()
    await registerRecovery(cat, cloud.publicKey)
    const { id } = heldIn(await send(cat, await describeIt(cat, addition(cloud.publicKey))))
    const { lockId } = await world.database.one(
      z.object({ lockId: z.uuid() }),
      sql`select lock_id as "lockId" from chain_accounts.signer_changes where id = ${id}`,
    )
    await world.sweep()
    await world.ask('POST', '/auth/v1/recover', { token: begun.token })
    const kept = (about: RegExp) =>
      world.pushed
        .filter(({ to, data }) => to === `fcm:${pushTokenOf(cat.phone)}` && about.test(JSON.stringify(data)))
        .map(({ text, keepSeconds }) => [text, keepSeconds])
    const threeDays = 3 * 86_400
    await vi.waitFor(() => {
      expect(kept(new RegExp(begun.id))).toContainEqual([expect.stringContaining('let in'), threeDays])
      expect(kept(new RegExp(lockId))).toEqual([[expect.stringContaining('cancel it now'), threeDays]])
      expect(kept(/recovery-request/)).toEqual([[expect.stringContaining('asks to recover'), threeDays]])
    }, soon)
    // A request that has three minutes is not told an hour later.
    expect(kept(new RegExp(begun.id))).toContainEqual([expect.stringContaining('asks to sign in'), undefined])
    // And it is tried through an outage of the push service that is longer than those three minutes.
    expect(pushRequest.attempts).toBe(pushHold.attempts)
  })
})
