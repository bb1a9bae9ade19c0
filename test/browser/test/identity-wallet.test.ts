import { randomBytes } from 'node:crypto'
import { startIdentityStorage, type World } from '@strongroom/identity-storage/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type * as wallet from '../pages/identity-wallet.ts'
import { openBrowser, servePage, type ServedPage } from '../src/index.ts'

describe.each(['compat', 'strict'] as const)('with %s signatures', (profile) => {
  let page: ServedPage<typeof wallet>
  let world: World
  beforeAll(async () => {
    page = await servePage<typeof wallet>({ entry: 'pages/identity-wallet.ts' })
    const settings = { CORS_ORIGINS: page.origin, SIGNATURES: profile, EMAIL_VERIFICATION: 'off' }
    world = await startIdentityStorage({ settings })
    page.mayCall(world.app.baseUrls[0] ?? '')
  })
  afterAll(async () => {
    await world[Symbol.asyncDispose]()
    await page.stop()
  })

  const login = () => ({
    baseUrl: world.app.baseUrls[0] ?? '',
    profile,
    email: `ann-${randomBytes(6).toString('hex')}@example.com`,
    password: 'correct horse',
  })

  test('a wallet made in one browser is opened in another by its password, and by no other', async () => {
    const ann = login()
    const account = await (await (await openBrowser()).open(page)).call('register', ann)
    expect(account).toMatch(/^G[A-Z2-7]{55}$/)
    const elsewhere = await (await openBrowser()).open(page)
    await expect(elsewhere.call('open', { ...ann, password: 'battery staple' })).rejects.toThrow('Not Found')
    expect(await elsewhere.call('open', ann)).toBe(account)
  })

  test('the page signs what it writes and reads, and proves the password where that is demanded', async () => {
    const ann = login()
    const opened = await (await openBrowser()).open(page)
    await opened.call('register', ann)
    expect(await opened.call('keepSetting', ann, 'locale', { language: 'en' })).toEqual({ language: 'en' })
    await expect(opened.call('makeTotp', { ...ann, password: 'battery staple' })).rejects.toThrow(
      'the password is not that of the password factor',
    )
    expect(await opened.call('makeTotp', ann)).toMatch(/^\d+$/)
  })
})
