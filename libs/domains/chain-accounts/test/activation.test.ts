import { ChainUnavailable } from '@strongroom/chains'
import { sql } from '@strongroom/storage'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { bodyOf, type Device, newDevice, personOf, refused } from './client.ts'
import { startWorld, type World } from './world.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.stop())
beforeEach(() => {
  world.chain.away(false)
  world.chain.mine()
})

const signedUp = async (phone: Device = newDevice()) => {
  const ann = personOf(world.baseUrl)
  const { account, credentials } = bodyOf(await ann.signUp(phone))
  return { ann, phone, account, token: credentials.accessToken, address: account.addresses[0]?.address ?? '' }
}
const stateOf = async (accountId: string) => {
  const { state, account } = await world.owner.one(
    z.object({ state: z.string(), account: z.string() }),
    sql`select d.state, a.state as account from chain_accounts.addresses as d
          join chain_accounts.accounts as a on a.id = d.account_id where a.id = ${accountId}`,
  )
  return [state, account]
}
const standing = ['active', 'active']
const waiting = ['pending', 'pending']
const foreign = ['foreign', 'pending']

test('an account counts once it stands as it was planned, and signs in then', async () => {
  const { ann, phone, account } = await signedUp()
  await world.activate()
  expect(await stateOf(account.id)).toEqual(waiting)
  expect(refused(await ann.signIn(phone))).toEqual([400, 'PleaseDeploy'])
  world.chain.send()
  await world.activate()
  expect(await stateOf(account.id)).toEqual(waiting)
  world.chain.mine()
  await world.activate()
  expect(await stateOf(account.id)).toEqual(standing)
  const answer = await ann.signIn(phone)
  expect(answer.status).toBe(200)
  expect(bodyOf(answer).transaction).toMatchObject({ id: expect.stringMatching(/^0x/), chainName: 'local' })
})

const stranger = () => Buffer.from(newDevice().publicKey, 'hex')

describe('never stands', () => {
  test.each<[string, Parameters<World['chain']['mine']>[0]]>([
    ['with another’s code', (one) => ({ ...one, isGenuine: false })],
    [
      'with another signer more',
      (one) => ({ ...one, signers: [...one.signers, { publicKey: stranger(), scheme: 'p256-sha256', weight: 500 }] }),
    ],
    ['with a signer fewer', (one) => ({ ...one, signers: one.signers.slice(1) })],
    [
      'with another in our place',
      (one) => ({
        ...one,
        signers: one.signers.map((key, at) => (at === 0 ? { ...key, publicKey: stranger() } : key)),
      }),
    ],
    [
      'with one signer twice',
      (one) => ({ ...one, signers: one.signers.map(() => one.signers[0] as (typeof one.signers)[0]) }),
    ],
    [
      'with a signer that weighs more',
      (one) => ({ ...one, signers: one.signers.map((key, at) => (at === 1 ? { ...key, weight: 1000 } : key)) }),
    ],
    [
      'with a signer of another scheme',
      (one) => ({ ...one, signers: one.signers.map((key) => ({ ...key, scheme: 'webauthn' as const })) }),
    ],
    ['with a lower threshold', (one) => ({ ...one, threshold: 500 })],
  ])('%s', async (_, change) => {
    const { ann, phone, account, token } = await signedUp()
    world.chain.mine(change)
    await world.activate()
    expect(await stateOf(account.id)).toEqual(foreign)
    expect(refused(await ann.signIn(phone))).toEqual([400, 'PleaseDeploy'])
    // Nobody is told to send anything there.
    expect((await ann.get('/account/v1/me', token)).body).toMatchObject({ account: { addresses: [] } })
  })

  test('afterwards either, once others were seen there', async () => {
    const { account, address } = await signedUp()
    world.chain.mine((one) => ({ ...one, threshold: 500 }))
    await world.activate()
    const seen = world.chain.standing(address)
    if (seen) world.chain.put(address, { ...seen, threshold: 1000 })
    await world.activate()
    expect(await stateOf(account.id)).toEqual(foreign)
  })

  test('by a row: what was written past us does not count', async () => {
    const { ann, phone, account, token, address } = await signedUp()
    world.chain.send()
    await world.owner.run(sql`update chain_accounts.addresses set state = 'active' where account_id = ${account.id}`)
    await world.owner.run(sql`update chain_accounts.accounts set state = 'active' where id = ${account.id}`)
    expect(refused(await ann.signIn(phone))).toEqual([400, 'PleaseDeploy'])
    const elsewhere = address.replace(/.$/, (last) => (last === '0' ? '1' : '0'))
    await world.owner.run(sql`
      update chain_accounts.addresses set state = 'pending', address = ${elsewhere} where account_id = ${account.id}`)
    expect((await ann.get('/account/v1/me', token)).body).toMatchObject({ account: { addresses: [] } })
  })

  test('by a plan that somebody changed to fit what stands there', async () => {
    const { account } = await signedUp()
    const plan = world.chain.queued.at(-1)
    if (!plan) throw new Error('nothing is queued')
    world.chain.mine()
    const weak = { ...plan, threshold: 500 }
    const address = world.chain.addressOf(weak) ?? ''
    world.chain.put(address, { ...weak, address, isGenuine: true })
    await world.owner.run(sql`
      update chain_accounts.addresses set plan = jsonb_set(plan, '{threshold}', '500') where account_id = ${account.id}`)
    await world.activate()
    expect(await stateOf(account.id)).toEqual(waiting)
  })
})

test('a deployment that came to nothing is asked for again, once a minute', async () => {
  const { ann, phone, account } = await signedUp()
  world.chain.fail()
  await world.activate()
  expect(world.chain.waiting()).toBe(0)
  await world.pass('61 seconds')
  await world.activate()
  expect(world.chain.waiting()).toBe(1)
  world.chain.fail()
  await world.activate()
  expect(world.chain.waiting()).toBe(0)
  expect(await stateOf(account.id)).toEqual(waiting)
  world.chain.mine()
  await world.activate()
  expect((await ann.signIn(phone)).status).toBe(200)
})

test('a chain that is away holds up no other, and nothing is lost of its accounts', async () => {
  const { account } = await signedUp()
  const ben = personOf(world.baseUrl)
  const other = bodyOf(await ben.signUp(newDevice(), { chainName: 'polygon-amoy' })).account
  world.chain.mine()
  world.other.mine()
  world.chain.away(true)
  await expect(world.activate()).rejects.toThrow(ChainUnavailable)
  expect(await stateOf(account.id)).toEqual(waiting)
  expect(await stateOf(other.id)).toEqual(standing)
  world.chain.away(false)
  await world.activate()
  expect(await stateOf(account.id)).toEqual(standing)
})

test('nor do all that wait for it, however many they are', { timeout: 240_000 }, async () => {
  const many = Array.from({ length: 101 }, () => signedUp())
  const [{ account } = { account: { id: '' } }] = await Promise.all(many)
  const ben = personOf(world.baseUrl)
  const other = bodyOf(await ben.signUp(newDevice(), { chainName: 'polygon-amoy' })).account
  world.chain.mine()
  world.other.mine()
  world.chain.away(true)
  // What one look takes is a hundred: those of the chain that is away are to go behind.
  for (let looks = 0; looks < 2; looks++) await expect(world.activate()).rejects.toThrow(ChainUnavailable)
  expect(await stateOf(account.id)).toEqual(waiting)
  expect(await stateOf(other.id)).toEqual(standing)
  world.chain.away(false)
  for (let looks = 0; looks < 2; looks++) await world.activate()
  expect(await stateOf(account.id)).toEqual(standing)
})

describe('an account that stands', () => {
  const settled = async () => {
    const who = await signedUp()
    world.chain.mine()
    await world.activate()
    return who
  }
  const ask = ({ ann, token }: Awaited<ReturnType<typeof settled>>, chainName: string) =>
    ann.ask({ method: 'POST', path: '/account/v1/addresses', token, body: { chainName } })

  test('is asked for on another chain, once, with the keys that it has', async () => {
    const who = await settled()
    const data = await who.ann.challenge(who.phone, { chainName: 'polygon-amoy' })
    expect(refused(await who.ann.respond(data, who.phone.sign(data)))).toEqual([400, 'PleaseDeploy'])
    const before = world.other.queued.length
    const first = await ask(who, 'polygon-amoy')
    expect(first.status).toBe(202)
    expect(bodyOf(first).account.addresses.map(({ chainName }) => chainName)).toEqual(['local', 'polygon-amoy'])
    expect(bodyOf(await ask(who, 'polygon-amoy')).account).toEqual(bodyOf(first).account)
    expect(
      world.other.queued[before]?.signers.map(({ publicKey }) => Buffer.from(publicKey).toString('hex')),
    ).toContain(who.phone.publicKey)
    world.other.mine()
    await world.activate()
    const again = await who.ann.challenge(who.phone, { chainName: 'polygon-amoy' })
    expect((await who.ann.respond(again, who.phone.sign(again))).status).toBe(200)
  })

  test('is not asked for where nobody serves, or before it stands anywhere', async () => {
    expect(refused(await ask(await settled(), 'flow-mainnet'))).toEqual([400, 'UnsupportedChain'])
    expect(refused(await ask(await signedUp(), 'polygon-amoy'))).toEqual([400, 'InvalidRequest'])
  })
})
