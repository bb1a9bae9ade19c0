import { expect, test } from 'vitest'
import type * as waysOut from '../pages/ways-out.ts'
import { openBrowser, servePage } from '../src/index.ts'
import { startWitness } from './witness.ts'

const entry = 'pages/ways-out.ts'
const byTcp: readonly waysOut.Way[] = ['beacon', 'events', 'fetch', 'frame', 'image', 'prefetch', 'socket', 'turn']
const ways: readonly waysOut.Way[] = [...byTcp, 'stun']
const paths = byTcp.map((way) => `/${way}`)

test('a page reaches this machine by every way but UDP, and another by none, however lax its policy', async () => {
  const lax = { 'default-src': '*', 'connect-src': '*' }
  await using served = await servePage<typeof waysOut>({ entry, policy: lax })
  await using inside = await startWitness('127.0.0.1')
  // All that tells it from a server elsewhere is that without the walls it would be reached wherever this runs.
  await using outside = await startWitness('127.0.0.2')
  const page = await (await openBrowser()).open(served)
  for (const way of ways) {
    await page.call('go', way, outside.url)
    await page.call('go', way, inside.url)
  }
  await expect.poll(() => inside.seen()).toEqual(paths)
  expect(outside.seen()).toEqual([])
  await expect(page.tab.goto(outside.url)).rejects.toThrow('ERR_NAME_NOT_RESOLVED')
})

test('a page’s policy lets its scripts go nowhere, until they may call an origin', async () => {
  await using served = await servePage<typeof waysOut>({ entry })
  await using other = await startWitness('127.0.0.1')
  const page = await (await openBrowser()).open(served)
  // Relays are not a policy's business in Chromium.
  for (const way of byTcp.filter((one) => one !== 'turn')) await page.call('go', way, other.url)
  served.mayCall(other.url)
  await page.tab.reload()
  await page.call('go', 'fetch', other.url)
  await expect.poll(() => other.seen()).toEqual(['/fetch'])
})

test('the other origin decides by CORS whether a page it may call reads the answer', async () => {
  await using served = await servePage<typeof waysOut>({ entry })
  await using willing = await startWitness('127.0.0.1', served.origin)
  await using unwilling = await startWitness('127.0.0.1')
  served.mayCall(willing.url)
  served.mayCall(unwilling.url)
  const page = await (await openBrowser()).open(served)
  expect(await page.call('put', `${willing.url}/answer`)).toBe('PUT')
  await expect(page.call('put', `${unwilling.url}/answer`)).rejects.toThrow('Failed to fetch')
})
