import { builtinModules } from 'node:module'
import { fileURLToPath } from 'node:url'
import { createContext, runInContext } from 'node:vm'
import { gzipSync } from 'node:zlib'
import { build, type Rolldown } from 'vite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ServedIdentityStorage, serveIdentityStorage } from '../test/serve-identity-storage.ts'

let bundles: readonly Rolldown.OutputChunk[]
let served: ServedIdentityStorage
beforeAll(async () => {
  served = await serveIdentityStorage()
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
afterAll(() => served[Symbol.asyncDispose]())

test('it bundles for browsers in one file, with nothing of Node', () => {
  expect(bundles).toHaveLength(2)
  for (const { imports, dynamicImports, modules, code } of bundles) {
    expect([...imports, ...dynamicImports]).toEqual([])
    const names = Object.keys(modules).filter((id) => /browser-external|^node:/.test(id) || builtinModules.includes(id))
    expect(names).toEqual([])
    expect(code).not.toMatch(/\bnode:|\bBuffer\.(from|alloc)|\bprocess\.(env|versions|nextTick)/)
    expect(gzipSync(code).length).toBeLessThan(40_000)
  }
})

test('the bundle runs where there are the globals of the web and no others', async () => {
  // As in a page: a Date that it sets is gone.
  class PageRequest extends Request {
    override readonly headers = new Headers()
  }
  const web = {
    crypto,
    TextEncoder,
    TextDecoder,
    URL,
    AbortSignal,
    setTimeout,
    Request: PageRequest,
    fetch,
    Uint8Array,
  }
  const story = `(async () => {
    const { changePassword, openIdentityApi, Secret, signIn, signUp } = client
    const api = openIdentityApi({ baseUrl: ${JSON.stringify(served.url)}, profile: 'strict' })
    const [email, password, newPassword] = ['ann@example.com', new Secret('password'), new Secret('another')]
    const made = await signUp(api, { email, password })
    await changePassword(api, made, { password, newPassword, buildSignerChange: () => Promise.resolve('AAAA') })
    const opened = await signIn(api, { email, password: newPassword })
    return opened.accountId === made.accountId
  })()`
  const script = bundles.map(({ code }) => code).find((code) => /^var client\b/.test(code)) ?? ''
  const found: unknown = await runInContext(`${script};${story}`, createContext(web))
  expect(found).toBe(true)
  const signed = served.seen.map(({ headers }) => String(headers['signature'] ?? '')).filter((one) => one !== '')
  expect(signed).toHaveLength(2)
  for (const one of signed) expect(one).toContain('headers="(request-target) x-date digest x-nonce"')
})
