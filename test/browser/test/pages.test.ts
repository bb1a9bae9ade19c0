import { createServer } from 'node:http'
import { expect, test } from 'vitest'
import type * as throws from '../pages/throws.ts'
import { bundlePage } from '../src/bundle-page.ts'
import { openBrowser, servePage } from '../src/index.ts'

test('a page is made of the sources of our libraries, never of a build that may be old', async () => {
  const { modules } = await bundlePage('pages/crypto.ts')
  const ours = modules.filter((path) => path.includes('/libs/'))
  expect(ours.length).toBeGreaterThan(5)
  expect(ours.filter((path) => !path.endsWith('.ts') || path.includes('/dist/'))).toEqual([])
})

test('a page that imports what only Node has is refused when it is made, by name', async () => {
  await expect(bundlePage('pages/wants-node.ts')).rejects.toThrow(
    'pages/wants-node.ts cannot run in a browser: it imports node:os',
  )
})

test.fails('what a page throws and nobody catches fails the test', async () => {
  await using served = await servePage<typeof throws>({ entry: 'pages/throws.ts' })
  const page = await (await openBrowser()).open(served)
  const thrown = page.tab.waitForEvent('pageerror')
  await page.call('throwLater')
  expect((await thrown).message).toBe('nobody catches this')
})

test('browsers share nothing: what one keeps, the next does not find', async () => {
  await using served = await servePage({ entry: 'pages/throws.ts' })
  const one = await (await openBrowser()).open(served)
  await one.tab.evaluate(() => localStorage.setItem('share', '1'))
  const sameOne = one.tab.evaluate(() => localStorage.getItem('share'))
  const other = await (await openBrowser()).open(served)
  expect([await sameOne, await other.tab.evaluate(() => localStorage.getItem('share'))]).toEqual(['1', null])
})

test('a page is a secure context on a free port, or on the one that is said', async () => {
  await using one = await servePage({ entry: 'pages/throws.ts' })
  const { tab } = await (await openBrowser()).open(one)
  expect(await tab.evaluate(() => isSecureContext)).toBe(true)
  const port = await freePort()
  await using two = await servePage({ entry: 'pages/throws.ts', origin: `http://wallet.localhost:${port}` })
  expect(two.origin).toBe(`http://wallet.localhost:${port}`)
  expect(await tab.goto(two.origin).then((answer) => answer?.status())).toBe(200)
  expect(await tab.evaluate(() => isSecureContext)).toBe(true)
  await expect(servePage({ entry: 'pages/throws.ts', origin: 'http://wallet.example' })).rejects.toThrow('localhost')
})

async function freePort(): Promise<string> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return String(typeof address === 'object' && address?.port)
}
