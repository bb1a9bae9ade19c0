import { Secret } from '@strongroom/crypto'
import { afterAll, beforeAll, beforeEach, expect } from 'vitest'
import { openApi, type SssApi } from '../src/api/api.ts'
import type { CustodyOptions } from '../src/custody/context.ts'
import { type Custody, openCustody } from '../src/custody/custody.ts'
import { type DeviceStore, memoryStore } from '../src/device-store.ts'
import { didOf } from '../src/did.ts'
import { type PublishedServer, publishedServer } from './published-server.ts'

export const seedOf = (byte: number) => new Secret(new Uint8Array(32).fill(byte))
export const seed = seedOf(0xaa)
export const did = didOf(seed)

/** A server for the file, and for each test an account that nobody had, with a device. */
export function custodyWorld() {
  const world = {} as { server: PublishedServer; api: SssApi; store: DeviceStore; custody: Custody; contact: string }
  let users = 0
  beforeAll(async () => {
    world.server = await publishedServer()
    world.api = openApi({ baseUrl: world.server.url })
  })
  afterAll(() => world.server.close())
  const login = () =>
    Promise.resolve({ authToken: new Secret(`token-${world.contact}`), providerType: 'firebase' as const })
  const open = (options: Partial<CustodyOptions> = {}) =>
    openCustody({ api: world.api, store: world.store, login, ...options })
  beforeEach(() => {
    world.contact = `user-${String(users++)}`
    world.store = memoryStore()
    world.custody = open()
    world.server.seen.length = 0
    world.server.records.strict = false
  })
  return Object.assign(world, {
    login,
    open,
    /** Another device of the same account. */
    aDevice: () => open({ store: memoryStore() }),
    record: () => world.server.records.byContact.get(world.contact),
  })
}

export const expectWallet = (wallet: { seed: Secret; did: string }) => {
  expect(wallet.did).toBe(did)
  expect(wallet.seed.equals(seed)).toBe(true)
}

/** Answers the version that it logged in with. */
export const expectReady = async (device: Custody) => {
  const found = await device.logIn()
  if (found.outcome !== 'ready') throw new Error(`expected ready, got ${found.outcome}`)
  expectWallet(found)
  return found.shareVersion
}
