import { sql } from '@strongroom/storage'
import { type Limiter, limiter } from '@strongroom/http'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { type AccountsWorld, accountsWorld } from './accounts-world.ts'
import { type Device, newDevice } from './device.ts'
import { type Begun, beginTwoFactor, relayed, signed, type SignedUp, signUp, soon } from './person.ts'

let world: AccountsWorld
let ann: SignedUp
const unlimited: Limiter = { take: () => Promise.resolve(undefined) }
let requests = unlimited
afterEach(() => void (requests = unlimited))
beforeAll(async () => {
  world = await accountsWorld({ requests: { take: (name) => requests.take(name) } })
  ann = await signUp(world)
})
afterAll(() => world[Symbol.asyncDispose]())

const look = (id: string, token: string) => world.ask('GET', `/device/v1/2fa/${id}`, { token })
const approve = (id: string, token: string, txId: string) =>
  world.ask('POST', `/device/v1/2fa/${id}/approve`, { token, body: { txId } })
const deny = (id: string, token: string) => world.ask('DELETE', `/device/v1/2fa/${id}`, { token })
const finish = ({ id, token }: Pick<Begun, 'id' | 'token'>) =>
  world.ask('POST', '/auth/v1/signin/2fa/finish', { token, body: { twoFactorAuthRequestId: id } })
const resend = (id: string, token: string, destDeviceId: string) =>
  world.ask('PUT', `/device/v1/2fa/${id}`, { token, body: { destDeviceId } })
const send = async (call: unknown, by: SignedUp) =>
  world.ask('POST', '/sign/v1/evm/transaction', { token: by.token, body: await signed(world, call, [by.phone]) })

const NOBODYS = `0x${'ab'.repeat(32)}`

/** A whole sign-in of a second device; its token. */
async function letIn(person: SignedUp, device: Device): Promise<{ token: string; txId: string }> {
  const begun = await beginTwoFactor(world, person.login, device)
  const txId = await relayed(world, person.token, await send(begun.call, person))
  expect(await approve(begun.id, person.token, txId)).toMatchObject({ status: 204 })
  const { credentials } = (await finish(begun)).body as { credentials: { accessToken: string } }
  return { token: credentials.accessToken, txId }
}

describe('a second device', () => {
  test('is let in by the first, with a transaction that the chain shows', { timeout: 240_000 }, async () => {
    const bob = await signUp(world)
    const { id, token, call, answer } = await beginTwoFactor(world, bob.login, newDevice({ name: 'tablet' }))
    expect(answer).toMatchObject({ status: 200 })
    const request = {
      userOpInfo: { signIn: { email: bob.login, ip: '127.0.0.1', location: null } },
      srcDevice: { name: 'tablet', pushToken: null },
    }
    const devices = [
      { told: token, destDevice: { publicKey: null, name: null, deviceModel: null, pushToken: null } },
      { told: bob.token, destDevice: { publicKey: bob.phone.publicKey, name: expect.any(String), pushToken: null } },
    ]
    for (const { told, destDevice } of devices) {
      const twoFactorAuth = { status: 'pending', accountId: bob.accountId, request: { ...request, destDevice } }
      expect(await look(id, told)).toMatchObject({ status: 200, body: { twoFactorAuth } })
    }
    expect(JSON.stringify(answer.body)).not.toContain(bob.phone.publicKey)
    expect(await finish({ id, token })).toMatchObject({ error: 'TwoFactorPending' })

    const txId = await relayed(world, bob.token, await send(call, bob))
    expect(await approve(id, bob.token, txId)).toMatchObject({ status: 204 })
    expect(await approve(id, bob.token, txId)).toMatchObject({ status: 204 })
    expect(await look(id, token)).toMatchObject({ body: { twoFactorAuth: { status: 'approved', result: { txId } } } })
    const finished = await finish({ id, token })
    expect(finished).toMatchObject({ status: 200, body: { account: { id: bob.accountId } } })
    expect(await finish({ id, token })).toMatchObject({ error: 'InvalidRequest' })
    const { credentials } = finished.body as { credentials: { accessToken: string } }
    const after = await world.ask('GET', '/device/v1/devices', { token: credentials.accessToken })
    expect((after.body as { devices: object[] }).devices).toHaveLength(2)
  })

  test('is pushed: the one that is asked, then the one that asks; who asks is not told to who runs the push', async () => {
    world.pushed.splice(0)
    const { id } = await beginTwoFactor(world, ann.login, newDevice())
    const ours = () => world.pushed.filter(({ data }) => data?.['hyphen:data']?.includes(id))
    const types = () => ours().map(({ data }) => data?.['hyphen:type'])
    await vi.waitFor(() => expect(types()).toEqual(['2fa-request']), soon)
    expect(await deny(id, ann.token)).toMatchObject({ status: 204 })
    await vi.waitFor(() => expect(types()).toEqual(['2fa-request', '2fa-status-change']), soon)
    for (const { data } of ours()) {
      const told = JSON.parse(data?.['hyphen:data'] ?? '') as object
      expect(told).toMatchObject({
        twoFactorAuth: { id, request: { userOpInfo: { signIn: { email: null, ip: null } } } },
      })
      expect(Buffer.byteLength(JSON.stringify(data))).toBeLessThan(4096)
      expect(JSON.stringify(data)).not.toMatch(/token-\d|example\.com|127\.0\.0\.1/)
      expect(JSON.stringify(data)).not.toContain(ann.phone.publicKey)
    }
  })

  test('is told of at every other device, when it asks and when it is in', { timeout: 240_000 }, async () => {
    const zoe = await signUp(world)
    const tablet = newDevice()
    await letIn(zoe, tablet)
    // Whoever holds the phone and has the login lets in what is theirs: the tablet is told.
    const mallory = newDevice()
    const begun = await beginTwoFactor(world, zoe.login, mallory)
    const toldOf = (device: Device) =>
      world.pushed
        .filter(({ data }) => data?.['hyphen:data']?.includes(begun.id))
        .filter(({ to }) => to === `fcm:${(device.userKey.device as { pushToken: string }).pushToken}`)
        .map(({ data }) => data?.['hyphen:type'])
    await vi.waitFor(() => expect([zoe.phone, tablet].map(toldOf)).toEqual([['2fa-request'], ['2fa-request']]), soon)
    expect(toldOf(mallory)).toEqual([])
    const txId = await relayed(world, zoe.token, await send(begun.call, zoe))
    // Whether or not who let it in says so to us.
    await world.sweep()
    await vi.waitFor(() => expect(toldOf(tablet)).toContain('2fa-status-change'), soon)
    expect(await approve(begun.id, zoe.token, txId)).toMatchObject({ status: 204 })
    await vi.waitFor(() => {
      expect(toldOf(tablet)).toContain('2fa-status-change')
      expect(toldOf(mallory)).toEqual(['2fa-status-change'])
    }, soon)
  })

  test('that asks without end takes nothing from those who can refuse it', async () => {
    const begun = await beginTwoFactor(world, ann.login, newDevice())
    requests = limiter({ each: { points: 3, window: 60 }, all: { points: 1000, window: 60 } })
    const flood = async (token: string) => {
      const statuses = []
      for (let asked = 0; asked < 4; asked++) statuses.push((await look(begun.id, token)).status)
      return statuses
    }
    expect(await flood(begun.token)).toEqual([200, 200, 200, 429])
    expect(await flood(ann.token)).toEqual([200, 200, 200, 429])
    expect(await deny(begun.id, ann.token)).toMatchObject({ status: 204 })
  })

  test('that waits is not ended by another who names its key', async () => {
    const [una, device] = [await signUp(world), newDevice()]
    const begun = await beginTwoFactor(world, una.login, device)
    expect((await beginTwoFactor(world, una.login, device)).answer).toMatchObject({ error: 'TooManyRequests' })
    expect(await look(begun.id, begun.token)).toMatchObject({ body: { twoFactorAuth: { status: 'pending' } } })
    expect(await deny(begun.id, una.token)).toMatchObject({ status: 204 })
    expect((await beginTwoFactor(world, una.login, device)).answer).toMatchObject({ status: 200 })
  })

  test('that is refused stays out, whatever comes after', async () => {
    const begun = await beginTwoFactor(world, ann.login, newDevice())
    expect(await deny(begun.id, ann.token)).toMatchObject({ status: 204 })
    expect(await deny(begun.id, ann.token)).toMatchObject({ status: 204 })
    expect(await finish(begun)).toMatchObject({ error: 'TwoFactorDenied' })
    expect(await approve(begun.id, ann.token, NOBODYS)).toMatchObject({ error: 'TwoFactorDenied' })
    expect(await resend(begun.id, begun.token, begun.id)).toMatchObject({ error: 'TwoFactorDenied' })
  })

  test(
    'is not let in by a transaction that nobody knows, that failed or that did something else',
    { timeout: 240_000 },
    async () => {
      const carl = await signUp(world)
      const { txId: another } = await letIn(carl, newDevice())
      const begun = await beginTwoFactor(world, carl.login, newDevice())
      for (const txId of [NOBODYS, another]) {
        expect(await approve(begun.id, carl.token, txId)).toMatchObject({ error: 'InvalidRequest' })
      }
      expect(await look(begun.id, begun.token)).toMatchObject({ body: { twoFactorAuth: { status: 'pending' } } })
      expect(await finish(begun)).toMatchObject({ error: 'TwoFactorPending' })
      expect(await approve(begun.id, carl.token, 'no hash')).toMatchObject({ status: 400, error: 'InvalidRequest' })
    },
  )

  test('cannot approve itself, nor can a device of another account', async () => {
    const dora = await signUp(world)
    const begun = await beginTwoFactor(world, ann.login, newDevice())
    for (const answer of [approve(begun.id, begun.token, NOBODYS), deny(begun.id, begun.token)])
      expect(await answer).toMatchObject({ status: 401, error: 'InvalidToken' })
    for (const answer of [
      look(begun.id, dora.token),
      approve(begun.id, dora.token, NOBODYS),
      deny(begun.id, dora.token),
    ])
      expect(await answer).toMatchObject({ status: 404, error: 'NotFound' })
    // A token of one request is none for another.
    const other = await beginTwoFactor(world, dora.login, newDevice())
    expect(await look(begun.id, other.token)).toMatchObject({ error: 'NotFound' })
    expect(await finish({ id: begun.id, token: other.token })).toMatchObject({ error: 'NotFound' })
  })

  test('has three minutes', async () => {
    const eve = await signUp(world)
    const begun = await beginTwoFactor(world, eve.login, newDevice())
    await world.pass('160 seconds')
    expect(await look(begun.id, begun.token)).toMatchObject({ body: { twoFactorAuth: { status: 'pending' } } })
    await world.pass('21 seconds')
    expect(await look(begun.id, begun.token)).toMatchObject({ body: { twoFactorAuth: { status: 'expired' } } })
    const refused = { error: 'TwoFactorExpired' }
    expect(await approve(begun.id, eve.token, NOBODYS)).toMatchObject(refused)
    expect(await deny(begun.id, eve.token)).toMatchObject(refused)
    expect(await finish(begun)).toMatchObject(refused)
    expect(await resend(begun.id, begun.token, begun.id)).toMatchObject(refused)
  })

  test(
    'is asked for again at another device of the account alone, and not without end',
    { timeout: 240_000 },
    async () => {
      const finn = await signUp(world)
      const second = newDevice()
      const { token } = await letIn(finn, second)
      const begun = await beginTwoFactor(world, finn.login, newDevice())
      const { devices } = (await world.ask('GET', '/device/v1/devices', { token })).body as {
        devices: { id: string; publicKey: string }[]
      }
      const idOf = (publicKey: string) => devices.find((one) => one.publicKey === publicKey)?.id ?? ''
      const asked = {
        status: 200,
        body: { twoFactorAuth: { request: { destDevice: { id: idOf(second.publicKey) } } } },
      }
      expect(await resend(begun.id, begun.token, idOf(second.publicKey))).toMatchObject(asked)
      const annsDevice = (await world.ask('GET', '/device/v1/devices', { token: ann.token })).body as {
        devices: { id: string }[]
      }
      const { srcDevice } = (begun.answer.body as { twoFactorAuth: { request: { srcDevice: { id: string } } } })
        .twoFactorAuth.request
      for (const id of [annsDevice.devices[0]?.id ?? '', srcDevice.id, begun.id])
        expect(await resend(begun.id, begun.token, id)).toMatchObject({ error: 'NoDestinationDevice' })
      for (const _ of [3, 4, 5]) await resend(begun.id, finn.token, idOf(finn.phone.publicKey))
      expect(await resend(begun.id, begun.token, idOf(second.publicKey))).toMatchObject({ status: 429 })
    },
  )

  test('is told who cannot sign in so', async () => {
    const gus = await signUp(world)
    const nobody = await beginTwoFactor(world, 'nobody', newDevice())
    expect(nobody.answer).toMatchObject({ status: 400, error: 'PleaseSignUp' })
    expect(JSON.stringify(nobody.answer.body)).toContain('please sign up')
    expect((await beginTwoFactor(world, gus.login, gus.phone)).answer).toMatchObject({ error: 'InvalidRequest' })
    const begin = (request: object, userKey: object = newDevice().userKey) =>
      world.ask('POST', '/auth/v1/signin/2fa', {
        body: { request: { method: 'test', token: gus.login, ...request }, userKey },
      })
    expect(await begin({ chainName: 'polygon-mainnet' })).toMatchObject({ error: 'UnsupportedChain' })
    expect(await begin({ method: 'apple' })).toMatchObject({ error: 'UnsupportedMethod' })
    expect(await begin({ token: 'no name' })).toMatchObject({ status: 401, error: 'InvalidProviderToken' })
    expect(await begin({}, { type: 'device', publicKey: 'ab'.repeat(64) })).toMatchObject({ error: 'InvalidPublicKey' })
    const fresh = { ...newDevice().userKey, device: { publicKey: gus.phone.publicKey } }
    expect(await begin({}, fresh)).toMatchObject({ error: 'InvalidRequest' })
    await world.database.run(
      sql`update chain_accounts.addresses set state = 'pending' where account_id = ${gus.accountId}`,
    )
    expect(await begin({})).toMatchObject({ error: 'PleaseDeploy' })
  })

  test('has nobody to ask where no other device counts', async () => {
    const hal = await signUp(world)
    await world.database.run(sql`
      update chain_accounts.keys set state = 'revoked', stamp = null, revoked_at = strongroom.now()
       where account_id = ${hal.accountId} and type = 'user-key'`)
    expect((await beginTwoFactor(world, hal.login, newDevice())).answer).toMatchObject({ error: 'NoDestinationDevice' })
  })

  test('that asks without end is told to wait', async () => {
    const ida = await signUp(world)
    const answers = []
    for (let asked = 0; asked < 11; asked++)
      answers.push((await beginTwoFactor(world, ida.login, newDevice())).answer.status)
    expect(answers).toEqual([...Array.from({ length: 10 }, () => 200), 429])
  })

  test('whose request was pointed elsewhere past us signs nobody in', async () => {
    const [jan, kim] = [await signUp(world), await signUp(world)]
    const begun = await beginTwoFactor(world, jan.login, newDevice())
    await world.database.run(sql`
      update chain_accounts.two_factor_requests set state = 'approved',
             source_key_id = (select id from chain_accounts.keys where account_id = ${jan.accountId} and type = 'user-key' and state = 'active')
       where id = ${begun.id}`)
    expect(await finish(begun)).toMatchObject({ status: 500 })
    const other = await beginTwoFactor(world, kim.login, newDevice())
    await world.database.run(
      sql`update chain_accounts.two_factor_requests set state = 'approved' where id = ${other.id}`,
    )
    expect(await finish(other)).toMatchObject({ error: 'InvalidRequest' })
  })
})
