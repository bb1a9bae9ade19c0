import { afterAll, describe, expect, test } from 'vitest'
import type * as passkey from '../pages/passkey.ts'
import { addVirtualAuthenticator, openBrowser, servePage } from '../src/index.ts'

const served = await servePage<typeof passkey>({ entry: 'pages/passkey.ts' })
afterAll(() => served.stop())

const salt = (first: number) => new Uint8Array(32).fill(first)

async function openWithAuthenticator(wish = {}) {
  const browser = await openBrowser()
  const page = await browser.open(served)
  return { page, authenticator: await addVirtualAuthenticator(page.tab, wish) }
}

describe('a passkey with PRF', () => {
  test('gives 32 bytes for a salt, the same again after a reload, and others for another salt', async () => {
    const { page } = await openWithAuthenticator()
    const { hasPrf } = await page.call('createPasskey')
    const first = await page.call('askPrf', salt(1))
    await page.tab.reload()
    const again = await page.call('askPrf', salt(1))
    const other = await page.call('askPrf', salt(2))
    expect(hasPrf).toBe(true)
    expect(first).toMatch(/^[0-9a-f]{64}$/)
    expect(again).toBe(first)
    expect(other).toMatch(/^[0-9a-f]{64}$/)
    expect(other).not.toBe(first)
  })

  test('gives other bytes than another passkey of the same person', async () => {
    const { page, authenticator } = await openWithAuthenticator()
    const [one, two] = [await page.call('createPasskey'), await page.call('createPasskey')]
    expect(await authenticator.credentials()).toHaveLength(2)
    expect(await page.call('askPrf', salt(1), one.id)).not.toBe(await page.call('askPrf', salt(1), two.id))
  })

  test('gives the same to another origin of its host: a synced passkey where nothing else is left', async () => {
    const { page } = await openWithAuthenticator()
    await page.call('createPasskey')
    const before = await page.call('askPrf', salt(1))
    await page.tab.evaluate(() => localStorage.setItem('share', '1'))
    await using elsewhere = await servePage<typeof passkey>({ entry: 'pages/passkey.ts' })
    await page.tab.goto(elsewhere.origin)
    expect(await page.tab.evaluate(() => localStorage.length)).toBe(0)
    expect(await page.call('askPrf', salt(1))).toBe(before)
  })

  test('gives nothing to a stranger’s finger', async () => {
    const { page, authenticator } = await openWithAuthenticator()
    await page.call('createPasskey')
    await authenticator.recogniseNobody()
    await expect(page.call('askPrf', salt(1))).rejects.toThrow('NotAllowedError')
  })

  test('is not there for a page of another host, nor in another browser', async () => {
    const { page } = await openWithAuthenticator()
    await page.call('createPasskey')
    await using elsewhere = await servePage<typeof passkey>({
      entry: 'pages/passkey.ts',
      origin: 'http://wallet.localhost',
    })
    await page.tab.goto(elsewhere.origin)
    await expect(page.call('askPrf', salt(1))).rejects.toThrow('NotAllowedError')
    const other = await openWithAuthenticator()
    await expect(other.page.call('askPrf', salt(1))).rejects.toThrow('NotAllowedError')
  })

  test('is made without a PRF by an authenticator that has none', async () => {
    const { page } = await openWithAuthenticator({ prf: false })
    expect(await page.call('createPasskey')).toMatchObject({ hasPrf: false })
    expect(await page.call('askPrf', salt(1))).toBeUndefined()
  })
})
