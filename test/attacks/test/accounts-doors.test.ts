import { clientOf } from '@strongroom/mpc-auth/testing'
import { type AccountsWorld, newKey, refused, startAccounts } from '@strongroom/mpc-auth/testing/accounts'
import type { Settings } from '@strongroom/test-world'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { shiftDatabase } from './accounts.ts'
import { kill } from './key-server.ts'

/** As production has it: by TLS alone, by providers alone, of a token that is allowed by name. */
const shut: Settings = {
  PUBLIC_URL: 'https://accounts.example',
  ACCOUNTS_TEST_LOGIN: undefined,
  HSM_ALLOW_SOFTWARE: 'SoftHSM v2',
}

describe('case 35, development doors, on the accounts of mpc-auth', () => {
  let world: AccountsWorld
  let shifted: AccountsWorld
  beforeAll(async () => {
    ;[world, shifted] = await Promise.all([startAccounts({ processes: 0 }), startAccounts({ processes: 0 })])
    await shiftDatabase(shifted.app, '31 days')
  })
  afterAll(() => Promise.all([world, shifted].map((one) => one[Symbol.asyncDispose]())))

  const chainAt = (rpcUrl: string) => JSON.stringify({ local: { ...world.chain, rpcUrl } })
  const production = (): Settings => ({ ...shut, CHAINS: chainAt('https://node.example') })

  /** Why a start was refused, in what it wrote itself, or where it serves. */
  async function start(
    { app }: AccountsWorld,
    settings: Settings,
  ): Promise<string | { baseUrl: string; end(): Promise<void> }> {
    const before = (await app.log()).length
    try {
      const served = await app.spawn({ ...production(), ...settings })
      return { baseUrl: served.baseUrl, end: () => kill(served) }
    } catch {
      return (await app.log()).slice(before)
    }
  }

  const issuer = 'http://127.0.0.1:4010'
  const doors: Readonly<Record<string, { settings: () => Settings; why: RegExp; isShifted?: true }>> = {
    'the test login': { settings: () => ({ ACCOUNTS_TEST_LOGIN: 'on' }), why: /ACCOUNTS_TEST_LOGIN/ },
    'an issuer of development': {
      settings: () => ({ FIREBASE_PROJECT_ID: 'demo', FIREBASE_ISSUER: issuer, FIREBASE_KEYS_URL: `${issuer}/keys` }),
      why: /FIREBASE_ISSUER.*FIREBASE_KEYS_URL/s,
    },
    anvil: { settings: () => ({ CHAINS: chainAt(world.node.url) }), why: /node of local/ },
    'anvil by the name of a test network': {
      settings: () => ({
        CHAINS: JSON.stringify({ 'ethereum-goerli': { ...world.chain, chainId: 5, rpcUrl: 'http://[::1]:8545' } }),
      }),
      why: /node of ethereum-goerli/,
    },
    'a receiver of every push': {
      settings: () => ({ PUSH_DEVELOPMENT_URL: 'https://127.0.0.1:8026' }),
      why: /PUSH_DEVELOPMENT_URL/,
    },
    'a shifted clock': { settings: () => ({}), why: /production clock/, isShifted: true },
    'a software token that is not allowed by name': {
      settings: () => ({ HSM_ALLOW_SOFTWARE: undefined }),
      why: /software/i,
    },
  }
  const places = [
    ['in production', { STRONGROOM_ENV: 'production' }],
    ['where the environment is unset', { STRONGROOM_ENV: undefined }],
    ['off loopback', { STRONGROOM_ENV: 'development', HOST: '0.0.0.0' }],
  ] as const

  describe.each(Object.entries(doors))('%s', (_, { settings, why, isShifted }) => {
    it.each(places)('is refused %s', async (where, environment) => {
      const said = await start(isShifted ? shifted : world, { ...settings(), ...environment })
      expect(said).toMatch(where === 'off loopback' ? /loopback/ : why)
    })
  })

  it.each(places.slice(0, 2))(
    'what has none of these serves %s, so that it is the doors that are refused',
    async (_, environment) => {
      const served = await start(world, environment)
      if (typeof served === 'string') throw new Error(`It did not start:\n${served}`)
      expect((await fetch(new URL('/health/live', served.baseUrl))).status).toBe(200)
      await served.end()
    },
  )

  it.each(places.slice(0, 2))('nobody is believed by a name, and no chain is guessed, %s', async (_, environment) => {
    const served = await start(world, { ...environment, CHAINS: undefined, DEFAULT_CHAIN: undefined })
    if (typeof served === 'string') throw new Error(`It did not start:\n${served}`)
    const login = { method: 'test', token: 'anybody' }
    const signUp = (more: object) =>
      clientOf(served.baseUrl)({
        method: 'POST',
        path: '/auth/v1/signup',
        body: { ...login, userKey: { type: 'device', publicKey: newKey().publicKey }, ...more },
      })
    for (const more of [{}, { chainName: 'local' }, { chainName: 'ethereum-goerli' }])
      expect(refused(await signUp(more))).toEqual([400, 'UnsupportedChain'])
    await served.end()
    const other = await start(world, environment)
    if (typeof other === 'string') throw new Error(`It did not start:\n${other}`)
    const answer = await clientOf(other.baseUrl)({
      method: 'POST',
      path: '/auth/v1/signup',
      body: { ...login, chainName: 'local', userKey: { type: 'device', publicKey: newKey().publicKey } },
    })
    expect(refused(answer)).toEqual([400, 'UnsupportedMethod'])
    await other.end()
  })
})
