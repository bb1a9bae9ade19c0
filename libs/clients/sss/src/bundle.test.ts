import { builtinModules } from 'node:module'
import { fileURLToPath } from 'node:url'
import { createContext, runInContext } from 'node:vm'
import { build, type Rolldown } from 'vite'
import { beforeAll, expect, test } from 'vitest'
import vectors from '../test/vectors/learncard-formats.json' with { type: 'json' }

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
  }
})

test('the bundle runs where there are the globals of the web and no others', async () => {
  const web = { crypto, TextEncoder, TextDecoder, URL, URLSearchParams, AbortSignal, performance, fetch }
  const context = createContext({ ...web, atob, btoa, Uint8Array, vectors: vectors.presentation })
  const story = `(async () => {
    const { Secret, combineShares, didOf, isSeedOf, sealBackup, openBackup, splitSeed, toPhrase, fromPhrase } = client
    const seed = new Secret(new Uint8Array(32).fill(0xaa))
    const { auth, recovery } = await splitSeed(seed)
    const file = await sealBackup({ share: fromPhrase(toPhrase(recovery)), did: vectors.did, shareVersion: 1 }, new Secret('p'))
    const { share } = await openBackup(JSON.parse(JSON.stringify(file)), new Secret('p'))
    return didOf(await combineShares([auth, share], isSeedOf(vectors.did)))
  })()`
  const script = bundles.map(({ code }) => code).find((code) => /^var client\b/.test(code)) ?? ''
  const found: unknown = await runInContext(`${script};${story}`, context)
  expect(found).toBe(vectors.presentation.did)
})
