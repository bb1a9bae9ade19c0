import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { canonicalJson, fromHex, sha256, verifyP256 } from '@strongroom/crypto'
import { afterAll, expect, test } from 'vitest'
import type * as deviceAuth from '../pages/device-auth.ts'
import { openBrowser, servePage } from '../src/index.ts'

const served = await servePage<typeof deviceAuth>({ entry: 'pages/device-auth.ts' })
afterAll(() => served.stop())

const challenge = '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f'
const message = canonicalJson({ challenge })

const verifies = (key: string, signature: string | undefined, signed = message) =>
  verifyP256({ message: signed, signature: fromHex(signature ?? ''), publicKey: fromHex(key) }, { form: 'der' })

test('a key made in a browser signs a challenge, hashed once, and survives a reload', async () => {
  const page = await (await openBrowser()).open(served)
  const key = await page.call('deviceVerifyingKey', 'ann')
  expect(key).toMatch(/^04[0-9a-f]{128}$/)
  expect(verifies(key, await page.call('sign', 'ann', challenge))).toBe(true)
  await page.tab.reload()
  const signature = await page.call('sign', 'ann', challenge)
  expect(verifies(key, signature)).toBe(true)
  expect(verifies(key, signature, sha256(message))).toBe(false)
  expect(await page.call('deviceVerifyingKey', 'ann')).toBe(key)
})

test('no script of the page reads it out', async () => {
  const page = await (await openBrowser()).open(served)
  await page.call('deviceVerifyingKey', 'ann')
  const refused = ['rejected', 'rejected', 'rejected', 'rejected']
  expect(await page.call('readOut', 'ann')).toEqual(['false', ...refused, '{}'])
})

test('two tabs that start at once have one key; another user and another browser have others', async () => {
  const browser = await openBrowser()
  const tabs = [await browser.open(served), await browser.open(served)]
  const [one, two] = await Promise.all(tabs.map((tab) => tab.call('deviceVerifyingKey', 'ann')))
  expect(two).toBe(one)
  const elsewhere = await (await openBrowser()).open(served)
  const others = [await tabs[0]?.call('deviceVerifyingKey', 'ben'), await elsewhere.call('deviceVerifyingKey', 'ann')]
  expect(new Set([one, ...others]).size).toBe(3)
})

test('a key that is removed signs nothing any more', async () => {
  const page = await (await openBrowser()).open(served)
  const before = await page.call('deviceVerifyingKey', 'ann')
  await page.call('forget', 'ann')
  await page.tab.reload()
  expect(await page.call('sign', 'ann', challenge)).toBeUndefined()
  expect(await page.call('deviceVerifyingKey', 'ann')).not.toBe(before)
})

test('a page enrols at a server of another origin, which it may call and which lets it by CORS', async () => {
  await using page = await servePage<typeof deviceAuth>({ entry: 'pages/device-auth.ts' })
  await using server = await fakeAuthService(page.origin)
  page.mayCall(server.url)
  const opened = await (await openBrowser()).open(page)
  expect(await opened.call('enrol', 'ann', server.url)).toBe('registered')
  const key = await opened.call('deviceVerifyingKey', 'ann')
  const registered = server.registered()
  expect(registered).toMatchObject({ device_id: key, device_name: 'Chromium' })
  expect(verifies(key, registered?.signature)).toBe(true)
})

type Registration = { readonly signature: string }

/** Two calls of the contract, from the origin it is told and with the token of ann: the edge of the world. */
async function fakeAuthService(origin: string) {
  let registered: Registration | undefined
  const register = async (request: IncomingMessage, response: ServerResponse) => {
    registered = JSON.parse((await request.toArray()).join('')) as Registration
    response.writeHead(201).end(JSON.stringify({ success: true, message: 'Device registered successfully' }))
  }
  const server = createServer((request, response) => {
    response.setHeader('Access-Control-Allow-Origin', origin)
    response.setHeader('Access-Control-Allow-Headers', 'Authorization, Content-Type')
    if (request.method === 'OPTIONS') return void response.end()
    if (request.headers.authorization !== 'Bearer token of ann') return void response.writeHead(401).end()
    if (request.method === 'GET') return void response.end(JSON.stringify({ challenge, ttl_seconds: 300 }))
    void register(request, response)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    registered: () => registered,
    [Symbol.asyncDispose]: async () => {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
