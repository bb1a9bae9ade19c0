import { startSssLca, type World } from '@strongroom/sss-lca/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type * as wallet from '../pages/wallet.ts'
import { addVirtualAuthenticator, openBrowser, servePage, type ServedPage } from '../src/index.ts'
import { newPerson } from './sss-people.ts'

// Two origins of one host: what lies in one's storage is not in the other's, and the host's passkeys serve both.
let pages: ServedPage<typeof wallet>[]
let world: World
let baseUrl: string
beforeAll(async () => {
  const entry = 'pages/wallet.ts'
  pages = await Promise.all([servePage<typeof wallet>({ entry }), servePage<typeof wallet>({ entry })])
  world = await startSssLca({ settings: { CORS_ORIGINS: pages.map(({ origin }) => origin).join() } })
  baseUrl = world.app.baseUrls[0] ?? ''
  for (const page of pages) page.mayCall(baseUrl)
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
  await Promise.all(pages.map((page) => page.stop()))
})

async function openWallet() {
  const [first, second] = pages
  if (!first || !second) throw new Error('there are two pages')
  const ann = newPerson(world)
  const page = await (await openBrowser()).open(first)
  return { ann, page, elsewhere: second, where: await ann.on(baseUrl) }
}

test('a synced passkey and a login bring the wallet back where nothing else is left', async () => {
  const { ann, page, elsewhere, where } = await openWallet()
  const authenticator = await addVirtualAuthenticator(page.tab)
  await page.call('setUp', where, ann.seed)
  const credentialId = await page.call('addPasskey', where, ann.seed)
  expect((await authenticator.credentials()).map((one) => one.credentialId)).toEqual([credentialId])

  await page.tab.goto(elsewhere.origin)
  expect(await page.call('logIn', where)).toBe('recovery-needed')
  expect(await page.call('recoverByPasskey', where, credentialId)).toBe(ann.seed)
  expect(await page.call('logIn', where)).toBe(ann.seed)
})

test('a stranger who holds the device gets nothing from the passkey; nor does one that cannot derive keys', async () => {
  const { ann, page, where } = await openWallet()
  await page.call('setUp', where, ann.seed)
  const plain = await addVirtualAuthenticator(page.tab, { prf: false })
  await expect(page.call('addPasskey', where, ann.seed)).rejects.toThrow('cannot derive keys')
  await plain.remove()
  const authenticator = await addVirtualAuthenticator(page.tab)
  const credentialId = await page.call('addPasskey', where, ann.seed)
  await authenticator.recogniseNobody()
  await expect(page.call('recoverByPasskey', where, credentialId)).rejects.toThrow('no passkey was given')
})

test('a device keeps its share over a reload, under a key that cannot be read, and another origin has none', async () => {
  const { ann, page, elsewhere, where } = await openWallet()
  await page.call('setUp', where, ann.seed)
  await page.tab.reload()
  expect(await page.call('logIn', where)).toBe(ann.seed)
  const stored = await page.tab.evaluate(readDatabase)
  expect(stored.keys).toEqual([{ kind: 'CryptoKey', extractable: false }])
  const share = await page.call('readShareHex')
  expect(share).toMatch(/^[0-9a-f]{66}$/)
  expect(JSON.stringify(stored.shares)).not.toContain(share)

  await page.tab.goto(elsewhere.origin)
  expect(await page.call('logIn', where)).toBe('recovery-needed')
})

/** Runs in the page: what lies in its database, as any script of it would see it. */
async function readDatabase() {
  const opening = indexedDB.open('lcb-sss-keys')
  await new Promise((resolve, reject) => {
    opening.addEventListener('success', resolve)
    opening.addEventListener('error', reject)
  })
  const [keys, shares] = await Promise.all(
    ['keys', 'shares'].map((name) => {
      const reading: IDBRequest<unknown[]> = opening.result.transaction([name]).objectStore(name).getAll()
      return new Promise<unknown[]>((resolve) => {
        reading.addEventListener('success', () => resolve(reading.result))
      })
    }),
  )
  opening.result.close()
  return {
    keys: keys?.map((key) =>
      key instanceof CryptoKey ? { kind: 'CryptoKey', extractable: key.extractable } : { kind: typeof key },
    ),
    shares,
  }
}
