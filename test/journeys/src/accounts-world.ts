import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import {
  type AccountsClient,
  accountsClient,
  type DeviceKey,
  type Login,
  newDeviceKey,
  type NewKey,
  publicKeyOf,
} from '@strongroom/accounts-client'
import { passTime } from '@strongroom/identity-storage/testing'
import { type AccountsWish, type AccountsWorld, startAccounts } from '@strongroom/mpc-auth/testing/accounts'
import type { AppProcess } from '@strongroom/test-world'
import { eventually } from './eventually.ts'

/** mpc-auth’s accounts as production runs them: two processes that answer, one that works, a chain, and a push service. */
export interface AccountsStory extends AsyncDisposable {
  readonly world: AccountsWorld
  /** Those that answer; a story may kill one, and put another in its place. */
  readonly apis: [AppProcess, AppProcess]
  worker: AppProcess
  spawnApi(): Promise<AppProcess>
  spawnWorker(): Promise<AppProcess>
  /** `kill -9`, until it is gone. */
  killWorker(): Promise<void>
  pass(interval: string): Promise<void>
}

export async function startAccountsStory(wish: AccountsWish = {}): Promise<AccountsStory> {
  const world = await startAccounts({ ...wish, processes: 0 })
  try {
    const pushed = await world.app.outbox.push.environment()
    const spawnApi = () => world.app.spawn({}, '--role=api')
    const spawnWorker = () => world.app.spawn(pushed, '--role=worker')
    const story: AccountsStory = {
      world,
      apis: [await spawnApi(), await spawnApi()],
      worker: await spawnWorker(),
      spawnApi,
      spawnWorker,
      killWorker: () => killNow(story.worker),
      pass: (interval) => passTime(world.app, interval),
      [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
    }
    return story
  } catch (error) {
    await world[Symbol.asyncDispose]()
    throw error
  }
}

/** `kill -9`, until it is gone. */
export async function killNow({ child }: AppProcess): Promise<void> {
  const died = once(child, 'exit')
  child.kill('SIGKILL')
  await died
}

/** A device of somebody’s: its key, its tokens, and where it is told of things. */
export interface Device {
  readonly login: Login
  readonly client: AccountsClient
  readonly key: DeviceKey
  readonly publicKey: string
  /** As it is registered. */
  readonly newKey: NewKey
  readonly pushToken: string
}

export const newLogin = (): Login => ({ method: 'test', token: `person-${randomBytes(6).toString('hex')}` })

/** Nothing is registered yet. */
export async function newDevice({ apis }: AccountsStory, login: Login = newLogin(), of: 0 | 1 = 0): Promise<Device> {
  const key = await newDeviceKey()
  const publicKey = publicKeyOf(key)
  const pushToken = `device-${randomBytes(8).toString('hex')}`
  return {
    login,
    client: accountsClient({ baseUrl: apis[of].baseUrl }),
    key,
    publicKey,
    newKey: { type: 'device', publicKey, device: { name: 'a phone', pushToken } },
    pushToken,
  }
}

/** A device with an account that stands; where, and the hash of what deployed it. */
export async function settled(story: AccountsStory, login?: Login): Promise<Standing> {
  const device = await newDevice(story, login)
  await device.client.signUp(device.login, device.newKey)
  return signInUntilItStands(device)
}

export interface Standing {
  readonly device: Device
  readonly accountId: string
  readonly address: `0x${string}`
  readonly transaction: string
}

export async function signInUntilItStands(device: Device): Promise<Standing> {
  let standing: Standing | undefined
  await eventually('the account stands, and its device signs in', async () => {
    const signedIn = await device.client.signIn(device.login, device.key).catch(() => undefined)
    const [address] = signedIn?.account.addresses ?? []
    if (!signedIn?.transaction || !address) return false
    const { account, transaction } = signedIn
    standing = { device, accountId: account.id, address: address.address as `0x${string}`, transaction: transaction.id }
    return true
  })
  if (!standing) throw new Error('it stands, and was not seen')
  return standing
}

/** What a device was told by push, oldest first: the type, and what the app on it reads. */
export async function toldTo({ world }: AccountsStory, { pushToken }: Device) {
  const all = await world.app.messagesTo(pushToken)
  return all.map(({ data }) => ({
    type: data['hyphen:type'] ?? '',
    data: JSON.parse(data['hyphen:data'] ?? '{}') as Readonly<Record<string, Readonly<Record<string, unknown>>>>,
  }))
}

/** Waits for a push of that type, and answers what it says. */
export async function push(story: AccountsStory, device: Device, type: string) {
  let found: Awaited<ReturnType<typeof toldTo>>[number] | undefined
  await eventually(`a device is told ${type}`, async () => {
    found = (await toldTo(story, device)).find((one) => one.type === type)
    return found !== undefined
  })
  return found?.data ?? {}
}
