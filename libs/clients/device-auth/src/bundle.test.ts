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

test('it bundles for browsers in one file, with nothing of Node', () => {
  expect(bundles).toHaveLength(2)
  for (const { imports, dynamicImports, modules, code } of bundles) {
    expect([...imports, ...dynamicImports]).toEqual([])
    const names = Object.keys(modules).filter((id) => /browser-external|^node:/.test(id) || builtinModules.includes(id))
    expect(names).toEqual([])
    expect(code).not.toMatch(/\bnode:|\bBuffer\.(from|alloc)|\bprocess\.(env|versions|nextTick)/)
    expect(gzipSync(code).length).toBeLessThan(30_000)
  }
})

test('the bundle runs where there are the globals of the web and no others', async () => {
  const asked: string[] = []
  const challenge = '00'.repeat(32)
  const answers = [
    { body: { challenge, ttl_seconds: 300 }, status: 200 },
    { body: { success: true, message: 'Device registered successfully' }, status: 201 },
  ]
  const fetchOf = (url: string) => {
    asked.push(url.replace(/04[0-9a-f]{128}/, 'key'))
    const { body, status } = answers.shift() ?? { body: {}, status: 404 }
    return Promise.resolve(Response.json(body, { status }))
  }
  const web = { crypto, TextEncoder, TextDecoder, URL, URLSearchParams, AbortSignal, fetch: fetchOf, Uint8Array }
  const story = `(async () => {
    const { duoClient, enrolDevice, newBackupKey, newDeviceKey, openKeyshare, sealKeyshare, Secret } = client
    const auth = duoClient({ baseUrl: 'https://auth.example.com', accessToken: () => Promise.resolve('token') })
    const { outcome } = await enrolDevice(auth, await newDeviceKey())
    const [key, keyId] = [newBackupKey(), 'key-1']
    const sealed = await sealKeyshare(key, { keyId, keyshare: new Secret('share') })
    const opened = await openKeyshare(key, { keyId, sealed })
    return [outcome, opened.equals(new Secret('share'))]
  })()`
  const script = bundles.map(({ code }) => code).find((code) => /^var client\b/.test(code)) ?? ''
  const found: unknown = await runInContext(`${script};${story}`, createContext(web))
  expect(found).toEqual(['registered', true])
  expect(asked).toEqual([
    'https://auth.example.com/auth/devices/challenge/key',
    'https://auth.example.com/auth/devices/register',
  ])
})
