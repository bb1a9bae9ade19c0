import { builtinModules } from 'node:module'
import { fileURLToPath } from 'node:url'
import { createContext, runInContext } from 'node:vm'
import { gzipSync } from 'node:zlib'
import { build, type Rolldown } from 'vite'
import { beforeAll, expect, test } from 'vitest'

let bundles: readonly Rolldown.OutputChunk[]
beforeAll(async () => {
  const built = (await build({
    configFile: false,
    logLevel: 'silent',
    resolve: { conditions: ['@strongroom/source', 'module', 'browser', 'import'] },
    build: {
      write: false,
      minify: true,
      lib: { entry: fileURLToPath(new URL('index.ts', import.meta.url)), formats: ['es', 'iife'], name: 'client' },
    },
  })) as Rolldown.RolldownOutput[]
  bundles = built.flatMap(({ output }) => output.filter((one) => one.type === 'chunk'))
})

test('it bundles for browsers in one file, with nothing of Node and no library of a chain', () => {
  expect(bundles).toHaveLength(2)
  for (const { imports, dynamicImports, modules, code } of bundles) {
    expect([...imports, ...dynamicImports]).toEqual([])
    const foreign = /browser-external|^node:|\/viem\/|\/ethers\//
    const names = Object.keys(modules).filter((id) => foreign.test(id) || builtinModules.includes(id))
    expect(names).toEqual([])
    expect(code).not.toMatch(/\bnode:|\bBuffer\.(from|alloc)|\bprocess\.(env|versions|nextTick)/)
    expect(gzipSync(code).length).toBeLessThan(30_000)
  }
})

test('the bundle runs where there are the globals of the web and no others', async () => {
  const asked: string[] = []
  const account = { id: 'one', addresses: [], createdAt: '', updatedAt: '' }
  const signedIn = { account, credentials: { accessToken: 'a', refreshToken: 'r' }, transaction: null }
  const answers = [{ challengeData: '00'.repeat(32), expiresAt: '' }, signedIn, { account }]
  const fetchOf = (url: string) => {
    asked.push(url)
    const body = answers.shift()
    return Promise.resolve(Response.json(body ?? {}, { status: body ? 200 : 404 }))
  }
  const web = { crypto, TextEncoder, TextDecoder, URL, URLSearchParams, AbortSignal, fetch: fetchOf, Uint8Array }
  const story = `(async () => {
    const { accountsClient, hashOfRequest, newDeviceKey } = client
    const accounts = accountsClient({ baseUrl: 'https://accounts.example.com' })
    const { transaction } = await accounts.signIn({ method: 'apple', token: 'token' }, await newDeviceKey())
    const account = new Uint8Array(20)
    const hash = hashOfRequest({ chainId: 1, account, calls: [], nonce: 0n, deadline: 0n })
    return [transaction, (await accounts.me()).id, hash.length]
  })()`
  const script = bundles.map(({ code }) => code).find((code) => /^var client\b/.test(code)) ?? ''
  const found: unknown = await runInContext(`${script};${story}`, createContext(web))
  expect(found).toEqual([null, 'one', 32])
  expect(asked).toEqual([
    'https://accounts.example.com/auth/v1/signin/challenge',
    'https://accounts.example.com/auth/v1/signin/challenge/respond',
    'https://accounts.example.com/account/v1/me',
  ])
})
