import { startRedis, type RedisServer } from '@strongroom/redis'
import { makeKeyPair } from '@strongroom/sss-client'
import { startSssLca, type World } from '@strongroom/sss-lca/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type * as qrLogin from '../pages/qr-login.ts'
import { type OpenPage, openBrowser, servePage, type ServedPage } from '../src/index.ts'
import { newPerson } from './sss-people.ts'
import { startSubstitutingProxy } from './substituting-proxy.ts'

let served: ServedPage<typeof qrLogin>
let redis: RedisServer
let world: World
const servers: Record<string, string> = {}
beforeAll(async () => {
  served = await servePage<typeof qrLogin>({ entry: 'pages/qr-login.ts' })
  redis = await startRedis()
  world = await startSssLca({ processes: 0, settings: { CORS_ORIGINS: served.origin } })
  servers['PostgreSQL'] = (await world.app.spawn()).baseUrl
  servers['Redis'] = (await world.app.spawn({ REDIS_URL: redis.url })).baseUrl
  for (const baseUrl of Object.values(servers)) served.mayCall(baseUrl)
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
  await redis.close()
  await served.stop()
})

/** A device with Ann's wallet, and one that is new to her; each signs in. */
async function twoDevices(baseUrl: string) {
  const ann = newPerson(world)
  const [old, fresh] = [await (await openBrowser()).open(served), await (await openBrowser()).open(served)]
  const where = await ann.on(baseUrl)
  await old.call('setUp', where, ann.seed)
  expect(await fresh.call('logIn', where)).toBe('recovery-needed')
  await fresh.call('ask', where)
  return { ann, old, fresh, where }
}

/** What a person sees on a device. */
const shownOn = async ({ tab }: OpenPage<typeof qrLogin>, label: string) =>
  (await tab.getByLabel(label, { exact: true }).textContent()) ?? ''

describe.each(['PostgreSQL', 'Redis'])('a new device, by sessions in %s,', (store) => {
  test('is scanned by one that is logged in, and has a share of the wallet', async () => {
    const { ann, old, fresh, where } = await twoDevices(servers[store] ?? '')
    const qrCode = await shownOn(fresh, 'QR code')
    expect(JSON.parse(qrCode)).toMatchObject({ serverUrl: where.apiUrl })
    await old.call('scan', where, qrCode)
    expect(await fresh.call('receive', where)).toBe(ann.seed)
    await fresh.tab.reload()
    expect(await fresh.call('logIn', where)).toBe(ann.seed)
  })

  test('is found by its eight digits, and both show digits that a person carries over', async () => {
    const { ann, old, fresh, where } = await twoDevices(servers[store] ?? '')
    await old.call('find', where, await shownOn(fresh, 'short code'))
    await fresh.call('answer', await shownOn(old, 'challenge'))
    const answered = await shownOn(fresh, 'answer')
    expect(answered).toMatch(/^\d{6}$/)
    await old.call('confirm', where, answered)
    expect(await fresh.call('receive', where)).toBe(ann.seed)
  })
})

describe('a server that shows a key of its own', () => {
  const attacker = makeKeyPair()

  async function behindAttacker() {
    const proxy = await startSubstitutingProxy(servers['Redis'] ?? '', attacker.publicKey)
    served.mayCall(proxy.url)
    return { proxy, ...(await twoDevices(proxy.url)) }
  }

  test('is caught by whoever scans', async () => {
    const { proxy, old, fresh, where } = await behindAttacker()
    await using _ = proxy
    const scanned = old.call('scan', where, await shownOn(fresh, 'QR code'))
    await expect(scanned).rejects.toThrow('the server shows another key than the QR code')
    expect([proxy.substituted(), proxy.approvals]).toEqual([1, []])
  })

  test('is caught by whoever compares digits: the new device answers for its own key', async () => {
    const { proxy, old, fresh, where } = await behindAttacker()
    await using _ = proxy
    await old.call('find', where, await shownOn(fresh, 'short code'))
    await fresh.call('answer', await shownOn(old, 'challenge'))
    const confirmed = old.call('confirm', where, await shownOn(fresh, 'answer'))
    await expect(confirmed).rejects.toThrow('the other device shows other digits')
    expect([proxy.substituted(), proxy.approvals]).toEqual([1, []])
  })
})
