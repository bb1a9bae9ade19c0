import { p256 } from '@noble/curves/nist.js'
import { fromHex, toHex } from '@strongroom/crypto'
import { sql } from '@strongroom/storage'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { type AccountsWorld, accountsWorld } from './accounts-world.ts'
import { newDevice } from './device.ts'
import { beginTwoFactor, relayed, signed, type SignedUp, signUp, soon } from './person.ts'
import { addition, payment, signing, type TypedData } from './signing.ts'

let world: AccountsWorld
let ann: SignedUp
let bob: SignedUp
let { describeIt, callsOf, post, send, changes, signersOf }: ReturnType<typeof signing> = {} as never
beforeAll(async () => {
  world = await accountsWorld()
  ;({ describeIt, callsOf, post, send, changes, signersOf } = signing(world))
  ann = await signUp(world)
  bob = await signUp(world)
})
afterAll(() => world[Symbol.asyncDispose]())

const reasons = async (of: SignedUp) =>
  world.database.many(
    z.object({ why: z.string() }),
    sql`select detail ->> 'why' as why from audit.events where event = 'account.request-refused' and subject = ${of.accountId}`,
  )

describe('a payment', () => {
  test('of the caller’s own account is signed as well, and sent', async () => {
    await world.node.fund(ann.address, 10n ** 18n)
    await relayed(world, ann.token, await send(ann, await callsOf(ann, [payment])))
    expect(await signersOf(ann)).toHaveLength(2)
  })

  test('sent twice is one; its nonce is good once', { timeout: 240_000 }, async () => {
    const call = await callsOf(ann, [payment])
    const body = await signed(world, call, [ann.phone])
    const [one, other] = await Promise.all([post(ann.token, body), post(ann.token, body)])
    expect(one.body).toMatchObject({
      transaction: { id: (other.body as { transaction: { id: string } }).transaction.id },
    })
    await relayed(world, ann.token, one)
    expect(await post(ann.token, body)).toMatchObject({ status: 400, error: 'InvalidRequest' })
  })

  test('is seen by its own account alone', async () => {
    const sent = await send(ann, await callsOf(ann, [payment]))
    const { id } = (sent.body as { transaction: { id: string } }).transaction
    const seen = await world.ask('GET', `/sign/v1/evm/transaction/${id}`, { token: bob.token })
    expect(seen).toMatchObject({ status: 404 })
    await relayed(world, ann.token, sent)
  })
})

describe('the server’s key does not sign', () => {
  test.each<[string, (call: TypedData) => TypedData]>([
    ['what is not whole', ({ evm }) => ({ evm: { ...evm, message: { ...evm.message, calls: [] } } })],
    [
      'for another chain',
      ({ evm }) => ({ evm: { ...evm, domain: { ...(evm as { domain?: object }).domain, chainId: 1 } } as never }),
    ],
    ['for another nonce', ({ evm }) => ({ evm: { ...evm, message: { ...evm.message, nonce: '7777' } } })],
    ['after its time', ({ evm }) => ({ evm: { ...evm, message: { ...evm.message, deadline: '1' } } })],
    ['with a field more', (call) => ({ ...call, more: 1 }) as TypedData],
  ])('%s', async (_, change) => {
    const call = change(await callsOf(bob, [payment]))
    const signatures = [{ publicKey: bob.phone.publicKey, signature: bob.phone.sign(new Uint8Array(32)) }]
    expect(await post(bob.token, { chainName: 'local', call, signatures })).toMatchObject({ error: 'InvalidRequest' })
  })

  test('for another account', async () => {
    expect(await send({ ...bob, phone: ann.phone, token: ann.token }, await callsOf(bob, [payment]))).toMatchObject({
      status: 403,
      error: 'Forbidden',
    })
    expect(await reasons(ann)).toContainEqual({ why: 'foreign' })
  })

  test('what does something else than it says', async () => {
    const own = (data: string, value = '0') => ({ target: bob.address, value, data })
    const [added] = (await describeIt(bob, addition(newDevice().publicKey))).evm.message.calls
    const [heavier] = (await describeIt(bob, addition(bob.phone.publicKey, 1000))).evm.message.calls
    const [known] = (await describeIt(bob, addition(bob.phone.publicKey))).evm.message.calls
    if (!added || !heavier || !known) throw new Error('nothing was described')
    const all = [
      [own('0xdeadbeef')],
      [own('0x', '1')],
      [{ ...known, data: `${known.data}00` }],
      // A key that the account never told us of, a key that alone would be enough, a change beside a payment, one twice.
      [added],
      [heavier],
      [known, payment],
      [known, known],
    ]
    for (const calls of all) expect(await send(bob, await callsOf(bob, calls))).toMatchObject({ status: 403 })
    expect((await reasons(bob)).filter(({ why }) => why === 'forbidden')).toHaveLength(all.length)
    expect(await changes(bob.token)).toEqual([])
  })

  test('what the caller’s key did not sign', async () => {
    const call = await callsOf(bob, [payment])
    const { message } = (await world.chain.decode(call)) ?? { message: new Uint8Array() }
    const right = { publicKey: bob.phone.publicKey, signature: bob.phone.sign(message) }
    const others = newDevice()
    const wrong = [
      [{ ...right, signature: bob.phone.sign(new Uint8Array(32)) }],
      [{ ...right, signature: others.sign(message) }],
      [{ publicKey: others.publicKey, signature: others.sign(message) }],
      [{ publicKey: ann.phone.publicKey, signature: ann.phone.sign(message) }],
      [right, right],
      [right, { publicKey: others.publicKey, signature: others.sign(message) }],
    ]
    for (const signatures of wrong)
      expect(await post(bob.token, { chainName: 'local', call, signatures })).toMatchObject({
        error: 'InvalidSignature',
      })
    expect(await post(bob.token, { chainName: 'local', call, signatures: [] })).toMatchObject({
      error: 'InvalidRequest',
    })
    const told = { chainName: 'local', call, signatures: [right], deadline: 1 }
    expect(await post(bob.token, told)).toMatchObject({ error: 'InvalidRequest' })
  })

  test('on a chain that is none, or of another kind', async () => {
    const call = await callsOf(bob, [payment])
    const body = await signed(world, call, [bob.phone])
    expect(await post(bob.token, { ...body, chainName: 'polygon-mainnet' })).toMatchObject({
      error: 'UnsupportedChain',
    })
    expect(await post(bob.token, { ...body, chainName: 'flow-testnet' })).toMatchObject({ error: 'UnsupportedChain' })
    const hex = { token: bob.token, body: { message: 'ab' } }
    for (const path of ['', '/paymaster'])
      expect(await world.ask('POST', `/sign/v1/cadence/transaction${path}`, hex)).toMatchObject({
        error: 'PleaseDeploy',
      })
  })
})

test('a signature with the higher s, as enclaves give it, is one', async () => {
  const call = await callsOf(bob, [payment])
  await world.node.fund(bob.address, 10n ** 18n)
  const { message } = (await world.chain.decode(call)) ?? { message: new Uint8Array() }
  const { r, s } = p256.Signature.fromHex(bob.phone.sign(message))
  const high = s > p256.Point.Fn.ORDER / 2n ? s : p256.Point.Fn.ORDER - s
  const signature = toHex(new p256.Signature(r, high).toBytes())
  const signatures = [{ publicKey: bob.phone.publicKey, signature }]
  expect(await relayed(world, bob.token, await post(bob.token, { chainName: 'local', call, signatures }))).toMatch(
    /^0x/,
  )
})

test('one signature alone moves nothing on the chain', async () => {
  const call = await callsOf(bob, [payment])
  const { message } = (await world.chain.decode(call)) ?? { message: new Uint8Array() }
  const alone = {
    publicKey: fromHex(bob.phone.publicKey),
    scheme: 'p256-sha256' as const,
    signature: fromHex(bob.phone.sign(message)),
  }
  const id = await world.database.transaction((tx) =>
    world.chain.queueRequest(tx, call, { signatures: [alone], charge: { appId: 'app' } }),
  )
  await vi.waitFor(async () => {
    const found = await world.chain.transaction(world.database, id)
    expect(['failed', 'refused']).toContain(found?.state)
  }, soon)
})

test('a token without a key of a person signs nothing', async () => {
  const call = await callsOf(bob, [payment])
  const body = await signed(world, call, [bob.phone])
  expect(await post('none', body)).toMatchObject({ status: 401, error: 'InvalidToken' })
  const { token } = await beginTwoFactor(world, bob.login, newDevice())
  expect(await post(token, body)).toMatchObject({ status: 401, error: 'InvalidToken' })
})
