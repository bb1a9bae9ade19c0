import { accountsClient, type ChainName, newDeviceKey, publicKeyOf } from '@strongroom/accounts-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { newLogin } from '../src/accounts-world.ts'
import { eventually } from '../src/eventually.ts'
import { makeState, type State } from '../src/state.ts'
import { type RunningWorld, startSupervisor, worldFile } from '../src/world.ts'

let state: State
let world: RunningWorld
beforeAll(async () => {
  state = await makeState(['mpc-auth'])
  world = startSupervisor(state)
  await world.hears(/mpc-auth is ready at .*\n/)
})
afterAll(async () => {
  world.signal('SIGTERM')
  await world.exited
  await state.remove()
})

const chainNames: readonly ChainName[] = ['local', 'ethereum-goerli', 'polygon-mumbai', 'flow-testnet']

test.each(chainNames)(
  'in the development world somebody who says who they are gets an account on %s',
  async (chainName) => {
    const client = accountsClient({ baseUrl: worldFile(state).apps['mpc-auth'] ?? '' })
    const [login, key] = [{ ...newLogin(), chainName }, await newDeviceKey()]
    await client.signUp(login, { type: 'device', publicKey: publicKeyOf(key), device: { name: 'a phone' } })
    let address = ''
    await eventually('the account stands', async () => {
      const signedIn = await client.signIn(login, key).catch(() => undefined)
      const found = signedIn?.account.addresses.find((one) => one.chainName === chainName)
      address = found?.address ?? ''
      return address !== ''
    })
    expect(address).toMatch(chainName === 'flow-testnet' ? /^0x[0-9a-f]{16}$/ : /^0x[0-9a-fA-F]{40}$/)
    expect(Object.keys(worldFile(state).chains ?? {})).toContain(chainName)
  },
)
