import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { softToken } from '@strongroom/hsm/testing'
import { beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { runConformance } from '../src/index.ts'
import { readOptions } from '../src/options.ts'

const softHsm = process.env['PKCS11_MODULE'] ?? '/usr/lib/softhsm/libsofthsm2.so'

async function run(args: string[], environment: NodeJS.ProcessEnv = {}) {
  const [said, complained]: [string[], string[]] = [[], []]
  const output = { say: (text: string) => void said.push(text), complain: (line: string) => void complained.push(line) }
  const code = await runConformance(args, output, environment)
  return { code, said: said.join('\n'), complained: complained.join('\n') }
}

interface Document {
  readonly modules: readonly {
    readonly name: string
    readonly path: string
    readonly passed: number
    readonly failed: number
    readonly unsupported: number
    readonly strategies: readonly string[]
    readonly promises: readonly { readonly verdict: string }[]
  }[]
}

describe('a throw-away token on a module that is known', () => {
  let result: Awaited<ReturnType<typeof run>>
  let document: Document
  beforeAll(async () => {
    result = await run(['--module', softHsm, '--json'])
    document = JSON.parse(result.said) as Document
  }, 300_000)

  test('one JSON document says what passed, what failed, and what the module can do', () => {
    expect(result.code).toBe(0)
    expect(document.modules).toMatchObject([{ name: 'SoftHSM', path: softHsm, failed: 0, unsupported: 0 }])
    const [module] = document.modules
    expect(module?.passed).toBe(module?.promises.length)
    expect(module?.strategies).toContain('hsm-gcm')
  })

  test('progress goes elsewhere, so that the document can be read by a program', () => {
    expect(result.complained).toMatch(/SoftHSM: \d+ passed, 0 failed/)
  })
})

test('a token that exists is judged by its PIN file, and a report for people says what it can do', async () => {
  const token = await softToken()
  const directory = mkdtempSync(join(tmpdir(), 'strongroom-conformance-'))
  onTestFinished(async () => {
    rmSync(directory, { recursive: true })
    vi.unstubAllEnvs()
    await token.remove()
  })
  for (const [name, value] of Object.entries(token.module.environment ?? {})) vi.stubEnv(name, value)
  const pinFile = join(directory, 'pin')
  writeFileSync(pinFile, `${new TextDecoder().decode(token.pin.expose())}\n`)
  const args = ['--module', token.module.path, '--token', token.tokenLabel, '--pin-file', pinFile]
  const { code, said } = await run(args)
  expect(code).toBe(0)
  expect(said).toMatch(/^# PKCS#11 conformance\n\n## SoftHSM/)
  expect(said).toMatch(/\*\*\d+ promises kept, 0 refused as unsupported, 0 broken\.\*\*/)
  expect(said).toContain('| proved strategies | hsm-gcm, A256KW-RFC3394')

  writeFileSync(pinFile, 'not the PIN')
  const refused = await run([...args, '--json'])
  expect(refused.code).toBe(1)
  expect((JSON.parse(refused.said) as Document).modules).toMatchObject([
    { passed: 0, failed: 1, strategies: [], failure: expect.stringContaining('refused the PIN') },
  ])
  expect(refused.said + refused.complained).not.toContain('not the PIN')
}, 300_000)

describe('what cannot be judged is said in a line, before anything is touched', () => {
  const unusable: readonly (readonly [string, string[], RegExp])[] = [
    ['a module that is not there', ['--module', '/nowhere/lib.so'], /no module at \/nowhere/],
    ['a strange module without a token', ['--module', import.meta.filename], /say --token and --pin-file/],
    ['a token without a PIN', ['--module', softHsm, '--token', 'x'], /wants both/],
    ['a token without a module', ['--token', 'x', '--pin-file', 'y'], /on which module/],
    ['no PIN in the file', ['--module', softHsm, '--token', 'x', '--pin-file', '/nowhere'], /no PIN to read/],
    [
      'a profile that there is not',
      ['--module', softHsm, '--token', 'x', '--pin-file', 'y', '--profile', 'lunar'],
      /Known are none, cloudhsm/,
    ],
    ['a profile without a token', ['--module', softHsm, '--profile', 'luna'], /is of a token of yours/],
    ['an option that there is not', ['--modul', softHsm], /Unknown option/],
  ]

  test.each(unusable)('%s', async (_what, args, message) => {
    const { code, said, complained } = await run(args)
    expect([code, said]).toEqual([2, ''])
    expect(complained).toMatch(message)
  })

  test('a machine without any module', async () => {
    const nowhere = { PKCS11_MODULE: '/x', STRONGROOM_NSS_MODULE: '/x', STRONGROOM_OPENCRYPTOKI_MODULE: '/x' }
    expect(await run([], nowhere)).toMatchObject({ code: 2, complained: expect.stringContaining('No PKCS#11 module') })
  })

  test('the PIN itself is no option: command lines are read by everybody on the machine', () => {
    expect(readOptions(['--module', softHsm, '--token', 'x', '--pin', '1234'])).toMatch(/Unknown option/)
  })
})
