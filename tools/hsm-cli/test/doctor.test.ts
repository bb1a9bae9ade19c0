import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { softToken, type SoftToken } from '@strongroom/hsm/testing'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import type { Examination } from '../src/doctor/examine.ts'
import { pinOf, run, scratch, variablesOf } from './command-line.ts'

const softHsm = process.env['PKCS11_MODULE'] ?? '/usr/lib/softhsm/libsofthsm2.so'
const files = scratch()
let token: SoftToken
let pinFile: string

beforeAll(async () => {
  token = await softToken({ label: 'vault' })
  pinFile = files.file('pin', `${pinOf(token)}\n`)
  for (const [name, value] of Object.entries(variablesOf(token))) vi.stubEnv(name, value)
})
afterAll(async () => {
  vi.unstubAllEnvs()
  await token.remove()
  files[Symbol.dispose]()
})

const documentOf = (said: string): readonly Examination[] =>
  (JSON.parse(said) as { modules: readonly Examination[] }).modules

/** The one token of a JSON report. */
async function examined(args: readonly string[]) {
  const { code, said, told } = await run(['doctor', ...args, '--json'])
  const [only] = documentOf(said)
  if (only === undefined) throw new Error(told)
  return { code, told, ...only }
}

const vault = () => ['--module', token.module.path, '--token', 'vault', '--state-directory', files.path]
const whats = ({ findings }: Pick<Examination, 'findings'>) =>
  findings.filter(({ level }) => level === 'mend').map(({ what }) => what)

test('every module that is found gets a report, on a throw-away token', async () => {
  const { code, said, told } = await run(['doctor', '--json'], { env: process.env })
  const modules = documentOf(said)
  expect(modules.map(({ name }) => name)).toEqual(['SoftHSM', 'NSS', 'openCryptoki'])
  const carriedBy = (name: string) =>
    modules
      .find((one) => one.name === name)
      ?.apps.filter(({ runs }) => runs)
      .map(({ app }) => app)
  expect(carriedBy('SoftHSM')).toEqual(['key-server', 'identity-storage', 'mpc-auth', 'sss-lca'])
  expect(carriedBy('NSS')).toEqual(carriedBy('SoftHSM'))
  // No elliptic curves, so nobody would sign the audit log.
  expect(carriedBy('openCryptoki')).toEqual([])
  expect([code, told]).toEqual([0, expect.stringContaining('looking at NSS')])
})

describe('a token that exists', () => {
  test('is proved job by job, measured, and left as it was', async () => {
    const first = await examined([...vault(), '--pin-file', pinFile])
    const { code, verdict, proofs, token: seen, module } = first
    expect([code, verdict, seen?.objects]).toEqual([0, 'fine', 0])
    expect(module.path).toBe(token.module.path)
    expect(proofs?.jobs.map(({ job, carried }) => `${job}: ${carried}`)).toContain('seal: inside')
    expect(proofs?.mechanismLists).toBe('honoured')
    expect(proofs?.latencies.map(({ operation }) => operation)).toContain('MAC')
    const again = await examined([...vault(), '--pin-file', pinFile])
    expect(again.token?.objects).toBe(0)
  })

  test('is asked for its PIN where a person is there, and refused where nobody is', async () => {
    const asked = await run(['doctor', ...vault()], { types: [pinOf(token)] })
    expect([asked.code, asked.told]).toEqual([0, expect.stringContaining('PIN of the token "vault"')])
    const alone = await run(['doctor', ...vault()])
    expect([alone.code, alone.said]).toEqual([2, ''])
    expect(alone.told).toMatch(/nobody is here to be asked.*--pin-file/)
  })

  test('prints its PIN nowhere', async () => {
    const { said, told } = await run(['doctor', ...vault(), '--pin-file', pinFile])
    expect(said).toMatch(/^# HSM report/)
    expect(said + told).not.toContain(pinOf(token))
  })
})

test('a wrong PIN is tried once, remembered, and the right one works afterwards', async () => {
  const wrong = files.file('wrong-pin', 'not-the-pin')
  const refused = await examined([...vault(), '--pin-file', wrong])
  expect([refused.code, whats(refused)]).toEqual([1, ['pin-refused']])
  expect(refused.token?.pin.count).toBe('full')
  expect(readdirSync(files.path)).toContain('refused-pin-vault')

  const latched = await examined([...vault(), '--pin-file', wrong])
  expect([latched.code, whats(latched)]).toEqual([1, ['pin-latched']])
  expect(latched.findings[0]?.remedy).toMatch(/change the configured PIN/i)

  const right = await examined([...vault(), '--pin-file', pinFile])
  expect([right.code, right.token?.pin.count]).toEqual([0, 'low'])
  for (const { said } of [await run(['doctor', ...vault(), '--pin-file', wrong])])
    expect(said).not.toContain('not-the-pin')
})

describe('a module that cannot be used is named, with what to do', () => {
  const broken = async (path: string) => {
    const { code, findings } = await examined(['--module', path])
    const [finding] = findings
    return `${String(code)} ${finding?.what ?? ''}: ${finding?.says ?? ''} ${finding?.remedy ?? ''}`
  }

  test('not there', async () => {
    expect(await broken('/nowhere/lib.so')).toBe(
      '1 module-missing: The module cannot be used: there is no such file. Install the module, or correct the path.',
    )
  })

  test('no library at all', async () => {
    expect(await broken(files.file('lib.so', 'a text that says it is a library'))).toMatch(
      /^1 module-no-library: .*it is no shared library\. Name the shared library itself/,
    )
  })

  test('of another architecture', async () => {
    const bytes = readFileSync(softHsm)
    // e_machine: s390x
    bytes.writeUInt16LE(22, 18)
    const path = join(files.path, 'other.so')
    writeFileSync(path, bytes)
    expect(await broken(path)).toMatch(
      new RegExp(`^1 module-wrong-architecture: .*built for s390x, this process runs on ${process.arch}\\. Install`),
    )
  })

  test('a library of something else', async () => {
    const addon = createRequire(import.meta.url).resolve('pkcs11js/build/Release/pkcs11.node')
    expect(await broken(addon)).toMatch(/^1 module-no-pkcs11: .*offers no C_GetFunctionList/)
  })

  test('cut short', async () => {
    const path = join(files.path, 'short.so')
    writeFileSync(path, readFileSync(softHsm).subarray(0, 200))
    expect(await broken(path)).toMatch(/^1 module-does-not-load: .*short\.so/)
  })

  test('so torn that it takes its process with it', async () => {
    const path = join(files.path, 'torn.so')
    writeFileSync(path, readFileSync(softHsm).subarray(0, 4096))
    expect(await broken(path)).toMatch(/^1 (died: .*its process ended|module-does-not-load)/)
  })
})

test('a token that is not there', async () => {
  const absent = await examined([...vault().with(3, 'volt'), '--pin-file', pinFile])
  expect([absent.code, whats(absent)]).toEqual([1, ['token-absent']])
  expect(absent.findings[0]).toMatchObject({
    says: 'No token is labelled "volt".',
    remedy: expect.stringMatching(/Initialise one/),
  })
  expect(absent.slots.flatMap(({ token: seen }) => seen?.label ?? [])).toEqual(['vault'])
})

test('two tokens of one label', async () => {
  const [one, other] = [await softToken({ label: 'twin' }), await softToken({ label: 'twin' })]
  onTestFinished(async () => {
    vi.stubEnv('SOFTHSM2_CONF', variablesOf(token)['SOFTHSM2_CONF'] ?? '')
    await Promise.all([one.remove(), other.remove()])
  })
  cpSync(join(other.directory, 'tokens'), join(one.directory, 'tokens'), { recursive: true })
  vi.stubEnv('SOFTHSM2_CONF', variablesOf(one)['SOFTHSM2_CONF'] ?? '')
  const twins = await examined(['--module', one.module.path, '--token', 'twin', '--pin-file', pinFile])
  expect([twins.code, whats(twins)]).toEqual([1, ['token-ambiguous']])
  expect(twins.findings[0]).toMatchObject({
    says: expect.stringMatching(/^Two tokens are labelled "twin" \(serials \w+, \w+\)\.$/),
    remedy: 'Give one of them another label.',
  })
})

test('a report for documents leaves out what differs from machine to machine', async () => {
  const { said } = await run(['doctor', '--module', softHsm, '--for-documents'])
  expect(said).toMatch(/signature, P-256 \| under \S+ ms \|/)
  expect(said).not.toMatch(/serial|\/(usr|tmp)\//)
})

describe('what the command line cannot mean', () => {
  const unusable: readonly (readonly [string, readonly string[], RegExp])[] = [
    ['a token without a module', ['--token', 'x'], /say on which module/],
    ['a PIN without a token', ['--module', softHsm, '--pin-file', '/x'], /--token names it/],
    ['a PIN file that is not there', ['--module', softHsm, '--token', 'x', '--pin-file', '/nowhere'], /cannot be read/],
    [
      'a profile that there is not',
      ['--module', softHsm, '--token', 'x', '--pin-file', import.meta.filename, '--profile', 'lunar'],
      /no profile "lunar"/,
    ],
    ['an app that there is not', ['--app', 'vault'], /no app "vault"/],
    ['an app and a module', ['--app', 'key-server', '--module', softHsm], /from the settings of the app/],
    ['an app without settings', ['--app', 'key-server'], /HSM_MODULE: is missing/],
    ['the PIN itself', ['--module', softHsm, '--token', 'x', '--pin', '1234'], /unknown option/],
    ['an option that there is not', ['--modul', 'x'], /unknown option/],
  ]

  test.each(unusable)('%s', async (_what, args, message) => {
    const { code, said, told } = await run(['doctor', ...args])
    expect([code, said]).toEqual([2, ''])
    expect(told).toMatch(message)
  })
})
