import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type AccountsWorld, accountsWorld } from './accounts-world.ts'
import { newDevice } from './device.ts'
import { beginTwoFactor, signUp, soon } from './person.ts'
import { signing } from './signing.ts'

let world: AccountsWorld
let { send, secondDevice, signersOf }: ReturnType<typeof signing> = {} as never
beforeAll(async () => {
  world = await accountsWorld()
  ;({ send, secondDevice, signersOf } = signing(world))
})
afterAll(() => world[Symbol.asyncDispose]())

const forget = (token: string, publicKey: string) => world.ask('DELETE', `/key/v1/keys/${publicKey}`, { token })
const stateOf = async (token: string, publicKey: string) => {
  const { keys } = (await world.ask('GET', '/key/v1/keys', { token })).body as {
    keys: { publicKey: string; state: string }[]
  }
  return keys.find((one) => one.publicKey === publicKey)?.state
}

test(
  'a key that we signed in, and no block shows yet, is not forgotten by another device',
  { timeout: 240_000 },
  async () => {
    const ann = await signUp(world)
    const thief = await secondDevice(ann)
    const tablet = newDevice()
    const begun = await beginTwoFactor(world, ann.login, tablet)
    await world.node.ask('evm_setAutomine', false)
    expect(await send(ann, begun.call)).toMatchObject({ status: 200 })
    expect(await forget(thief.token, tablet.publicKey)).toMatchObject({ error: 'InvalidRequest' })
    expect(await stateOf(ann.token, tablet.publicKey)).toBe('pending')
    await world.node.ask('evm_setAutomine', true)
    await vi.waitFor(async () => {
      await world.node.ask('evm_mine')
      await world.sweep()
      expect(await stateOf(ann.token, tablet.publicKey)).toBe('active')
    }, soon)
    expect(await signersOf(ann)).toContain(tablet.publicKey)
  },
)

test('a key that nobody signed in is', { timeout: 240_000 }, async () => {
  const bob = await signUp(world)
  const tablet = newDevice()
  await beginTwoFactor(world, bob.login, tablet)
  expect(await forget(bob.token, tablet.publicKey)).toMatchObject({ status: 204 })
  expect((await beginTwoFactor(world, bob.login, tablet)).answer).toMatchObject({ error: 'InvalidRequest' })
})
