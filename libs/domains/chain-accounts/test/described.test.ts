import { sql } from '@strongroom/storage'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { type AccountsWorld, accountsWorld, type Answered } from './accounts-world.ts'
import { type Device, newDevice } from './device.ts'
import { type FlowPerson, onFlow, payloadOf, removal } from './flow-person.ts'
import { newPasskey } from './passkey.ts'
import { beginTwoFactor, relayed, type SignedUp, signUp, soon } from './person.ts'
import { heldIn, signing, type TypedData } from './signing.ts'

let world: AccountsWorld
let ann: SignedUp
let bob: SignedUp
let { registerRecovery, secondDevice, send, signersOf }: ReturnType<typeof signing> = {} as never
beforeAll(async () => {
  world = await accountsWorld()
  ;({ registerRecovery, secondDevice, send, signersOf } = signing(world))
  ann = await signUp(world)
  bob = await signUp(world)
})
afterAll(() => world[Symbol.asyncDispose]())

const ask = (token: string, change: object, more: object = {}) =>
  world.ask('POST', '/sign/v1/changes/describe', { token, body: { change, ...more } })
const add = ({ publicKey }: Pick<Device, 'publicKey'>) => ({ kind: 'add-signer', publicKey })
const remove = ({ publicKey }: Pick<Device, 'publicKey'>) => ({ kind: 'remove-signer', publicKey })

const messageIn = (answer: Answered) => {
  expect(answer).toMatchObject({ status: 200 })
  return JSON.parse((answer.body as { message: string }).message) as TypedData & { cadence?: string }
}
const reasons = async ({ accountId }: Pick<SignedUp, 'accountId'>) =>
  world.database.many(
    z.object({ why: z.string() }),
    sql`select detail ->> 'why' as why from audit.events where event = 'account.request-refused' and subject = ${accountId}`,
  )
const serverOf = async (of: SignedUp) => ({
  publicKey: (await signersOf(of)).find((key) => key !== of.phone.publicKey) ?? '',
})

describe('a described change', () => {
  test('is what the server signs, after its hold, and the chain takes', { timeout: 240_000 }, async () => {
    const cat = await signUp(world)
    const cloud = newDevice()
    await registerRecovery(cat, cloud.publicKey)
    const sign = async (change: object) => send(cat, messageIn(await ask(cat.token, change)))
    heldIn(await sign(add(cloud)))
    await world.pass('3 days 1 minute')
    await relayed(world, cat.token, await sign(add(cloud)))
    expect(await signersOf(cat)).toContain(cloud.publicKey)
    // As the chain takes it now: the nonce has moved.
    heldIn(await sign(remove(cloud)))
    await world.pass('3 days 1 minute')
    await relayed(world, cat.token, await sign(remove(cloud)))
    expect(await signersOf(cat)).not.toContain(cloud.publicKey)
  })

  test('is of the caller’s account on that chain, and good for an hour', async () => {
    const cloud = newDevice()
    await registerRecovery(ann, cloud.publicKey)
    const answer = await ask(ann.token, add(cloud), { chainName: 'local' })
    expect(answer).toMatchObject({ body: { chainName: 'local', message: expect.any(String) } })
    const { evm } = messageIn(answer) as TypedData & { evm: { domain: object } }
    expect(evm.domain).toMatchObject({ chainId: world.node.chainId, verifyingContract: ann.address })
    expect(evm.message.calls).toHaveLength(1)
    const { timestamp } = (await world.node.ask('eth_getBlockByNumber', 'latest', false)) as { timestamp: string }
    expect(Number(evm.message.deadline) - Number(timestamp)).toBeLessThanOrEqual(3600)
  })

  test('of a key of somebody else is refused as that of nobody’s is, and written down', async () => {
    const before = (await reasons(ann)).length
    const keys = [bob.phone, await serverOf(bob), newDevice()]
    const answers = await Promise.all(keys.flatMap((key) => [ask(ann.token, add(key)), ask(ann.token, remove(key))]))
    const [first] = answers
    expect(first).toMatchObject({ status: 403, error: 'Forbidden' })
    for (const answer of answers) expect(answer).toEqual(first)
    expect(await reasons(ann)).toHaveLength(before + answers.length)
    const { revoked } = await withRevoked()
    expect(await ask(revoked.by.token, add(revoked.key))).toEqual(first)
  })

  test('that the account could not do is refused', { timeout: 240_000 }, async () => {
    const dan = await signUp(world)
    const cloud = newDevice()
    await registerRecovery(dan, cloud.publicKey)
    expect(await ask(dan.token, add(dan.phone))).toMatchObject({ status: 400, error: 'InvalidRequest' })
    expect(await ask(dan.token, remove(cloud))).toMatchObject({ status: 400, error: 'InvalidRequest' })
    // One of two: the other alone could never agree to anything again.
    expect(await ask(dan.token, remove(dan.phone))).toMatchObject({ status: 403, error: 'Forbidden' })
    expect(await ask(dan.token, remove(await serverOf(dan)))).toMatchObject({ status: 403, error: 'Forbidden' })
    const second = await secondDevice(dan)
    messageIn(await ask(dan.token, remove(second.phone)))
    // Full self custody is its owner's to choose.
    messageIn(await ask(dan.token, remove(await serverOf({ ...dan, phone: dan.phone }))))
  })

  test('is told to who has an account there, by name of what is wrong', async () => {
    const change = add(newDevice())
    const other = await beginTwoFactor(world, bob.login, newDevice())
    for (const token of ['none', other.token]) expect(await ask(token, change)).toMatchObject({ error: 'InvalidToken' })
    expect(await ask(ann.token, change, { chainName: 'polygon-amoy' })).toMatchObject({ error: 'UnsupportedChain' })
    expect(await ask(ann.token, change, { chainName: 'flow-testnet' })).toMatchObject({ error: 'PleaseDeploy' })
    expect(await ask(ann.token, { ...change, publicKey: 'ab'.repeat(64) })).toMatchObject({ error: 'InvalidPublicKey' })
    for (const wrong of [{ ...change, kind: 'call' }, { ...change, weight: 1000 }, { kind: 'add-signer' }, {}])
      expect(await ask(ann.token, wrong)).toMatchObject({ status: 400 })
  })
})

/** Somebody, and a key that was taken from the account. */
async function withRevoked() {
  const by = await signUp(world)
  const cloud = newDevice()
  await registerRecovery(by, cloud.publicKey)
  const gone = await world.ask('DELETE', `/key/v1/keys/${cloud.publicKey}`, { token: by.token })
  expect(gone).toMatchObject({ status: 204 })
  return { revoked: { by, key: cloud } }
}

describe('on Flow', () => {
  const chainName = 'flow-testnet'
  const cosigned = async (of: FlowPerson, script: string) => {
    const { cosign, transactionOf } = onFlow(world)
    return cosign(of.token, payloadOf(await transactionOf(of, { script, by: of.phone })))
  }

  test('it is a script, which is held as any change is', { timeout: 240_000 }, async () => {
    const [eve, cloud] = [await onFlow(world).signUp('eve'), newDevice()]
    await onFlow(world).registerRecovery(eve, cloud)
    const { cadence = '' } = messageIn(await ask(eve.token, add(cloud), { chainName }))
    expect(cadence).toContain(cloud.publicKey)
    heldIn(await cosigned(eve, cadence))
    expect(await ask(eve.token, add(eve.phone), { chainName })).toMatchObject({ error: 'InvalidRequest' })
    expect(await ask(eve.token, remove(cloud), { chainName })).toMatchObject({ error: 'InvalidRequest' })
    expect(await ask(eve.token, add(newDevice()), { chainName })).toMatchObject({ error: 'Forbidden' })
    expect(await ask(eve.token, add(cloud))).toMatchObject({ error: 'PleaseDeploy' })
  })

  test('no account is lost for ever by a removal: neither described nor signed', { timeout: 240_000 }, async () => {
    const fay = await onFlow(world).signUp('fay')
    for (const publicKey of await onFlow(world).signersOf(fay)) {
      const script = await onFlow(world).scriptOf(fay, removal({ publicKey }))
      expect(await cosigned(fay, script)).toMatchObject({ status: 403, error: 'Forbidden' })
      const described = await ask(fay.token, remove({ publicKey }), { chainName })
      expect(described).toMatchObject({ status: 403, error: 'Forbidden' })
    }
  })

  test('no passkey is described', { timeout: 240_000 }, async () => {
    const gil = await onFlow(world).signUp('gil')
    await world.ask('POST', '/account/v1/addresses', { token: gil.token, body: { chainName: 'local' } })
    const passkey = newPasskey()
    const body = { request: { ...gil.login, chainName: 'local' }, userKey: passkey.userKey }
    await vi.waitFor(async () => {
      await world.sweep()
      expect(await world.ask('POST', '/auth/v1/signin/2fa', { body })).toMatchObject({ status: 200 })
    }, soon)
    messageIn(await ask(gil.token, add(passkey)))
    expect(await ask(gil.token, add(passkey), { chainName })).toMatchObject({ error: 'InvalidRequest' })
  })
})
