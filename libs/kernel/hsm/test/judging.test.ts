import { readdirSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { judgeToken, type Judgement, tokenPromises, type TokenToJudge } from '../src/conformance/index.ts'
import { CKM } from '../src/pkcs11/cryptoki.ts'
import { importAesKey } from '../src/keys/session-keys.ts'
import { shimFaults, softToken, type SoftToken } from '../src/testing/index.ts'
import { rawSession } from './world.ts'

/** As an operator has it: the module finds its files by the environment. */
function subjectOf({ module, tokenLabel, pin }: SoftToken): TokenToJudge {
  const { path, environment = {} } = module
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value)
  return { module: { path }, token: { label: tokenLabel, pin: new TextDecoder().decode(pin.expose()) } }
}

afterAll(() => vi.unstubAllEnvs())

/** Somebody's own token, behind a module that can be told to misbehave. */
async function ownToken() {
  const token = await softToken({ through: 'fault-shim' })
  const shim = shimFaults(token.module)
  onTestFinished(async () => {
    shim.release()
    await token.remove()
  })
  return { token, shim, subject: subjectOf(token) }
}

const saying = ({ outcomes }: Judgement, part: string) => outcomes.find(({ says }) => says.includes(part))

/** The processes that this one has started to judge tokens. */
const judges = (): readonly number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const [, parent] = /^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
        return Number(parent) === process.pid && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('judge-main')
      } catch {
        return false
      }
    })

describe('judging a token of somebody', () => {
  test('every promise is tried, and no key of ours is left on it, nor one of his lost', async () => {
    const { token, subject } = await ownToken()
    const session = rawSession(token)
    importAesKey(session, { value: new Uint8Array(32), uses: ['encrypt'] })
    session.generateKey(CKM.aesKeyGen, { token: true, private: true, valueLength: 32, label: 'his' })
    const { outcomes, failure } = await judgeToken(subject)
    expect(failure).toBeUndefined()
    expect(outcomes.map(({ says }) => says).toSorted()).toEqual(tokenPromises.map(({ says }) => says).toSorted())
    expect(outcomes.filter(({ verdict }) => verdict !== 'kept')).toEqual([])
    expect(session.findObjects({ token: true })).toHaveLength(1)
    expect(session.findObjects({ token: true, label: 'his' })).toHaveLength(1)
  })

  test('a wrong PIN is tried once, and is in no message', async () => {
    const { shim, subject } = await ownToken()
    const judgement = await judgeToken({
      ...subject,
      token: { ...(subject.token as object), pin: 'not-this' } as never,
    })
    expect(judgement).toMatchObject({ outcomes: [], failure: expect.stringContaining('refused the PIN') })
    expect(judgement.failure).not.toContain('not-this')
    expect(shim.calls('C_Login')).toBe(1)
  })

  test('a token that is not there, and a file that is no module, are named', async () => {
    const { subject } = await ownToken()
    const absent = await judgeToken({ ...subject, token: { label: 'nobody', pin: '1234' } })
    expect(absent.failure).toMatch(/no token is labelled "nobody"/)
    const invalid = await judgeToken({ module: { path: import.meta.filename }, token: { label: 'x', pin: '1234' } })
    expect(invalid.failure).toMatch(/is not a PKCS#11 module/)
  })

  test('a token that chooses its own IVs and writes them back seals as well as any', async () => {
    const { shim, subject } = await ownToken()
    shim.chooseIvs()
    const judgement = await judgeToken({ ...subject, areas: ['published vectors', 'sealing'] })
    expect(judgement.survey?.strategies).toContain('hsm-gcm')
    expect(saying(judgement, 'from nothing to a large document')?.verdict).toBe('kept')
    expect(judgement.outcomes.filter(({ verdict }) => verdict !== 'kept')).toEqual([])
  })

  test('a token without GCM and CBC is judged by the way of keeping that it has', async () => {
    const { shim, subject } = await ownToken()
    shim.fail(['C_EncryptInit'], { name: 'CKR_MECHANISM_INVALID', code: 0x70 })
    const judgement = await judgeToken({ ...subject, areas: ['sealing', 'MACs', 'recovery copies'] })
    expect(judgement.survey?.strategies).toContain('hsm-rsa-oaep-sha1')
    expect(judgement.survey?.strategies).not.toContain('hsm-gcm')
    expect(saying(judgement, 'from nothing to a large document')?.verdict).toBe('kept')
    expect(judgement.outcomes.filter(({ verdict }) => verdict !== 'kept')).toEqual([])
  })

  test('a token that seals by nothing is refused for sealing, and judged for the rest', async () => {
    const { shim, subject } = await ownToken()
    shim.fail(['C_EncryptInit', 'C_DecryptInit'], { name: 'CKR_MECHANISM_INVALID', code: 0x70 })
    const judgement = await judgeToken({ ...subject, areas: ['sealing', 'MACs', 'outages'] })
    expect(saying(judgement, 'from nothing to a large document')?.verdict).toBe('unsupported')
    expect(saying(judgement, 'a MAC is 64 bytes')?.verdict).toBe('kept')
    expect(judgement.outcomes.filter(({ verdict }) => verdict === 'broken')).toEqual([])
  })

  test('a token that stops making MACs breaks the promises about them, and no others before', async () => {
    const { shim, subject } = await ownToken()
    const areas = ['one job per key', 'published vectors', 'MACs']
    // A quick token makes its MACs before it can be told not to.
    shim.delay(200, ['C_SignInit'])
    const judgement = await judgeToken({ ...subject, areas }, ({ area }) => {
      // Once the keys are there.
      if (area === 'one job per key') shim.fail(['C_Sign'], { name: 'CKR_FUNCTION_FAILED', code: 6 })
    })
    expect(saying(judgement, 'GCM with associated data')?.verdict).toBe('kept')
    expect(saying(judgement, 'HMAC-SHA-512 is that of RFC 4231')).toMatchObject({
      verdict: 'broken',
      remarks: ['DeviceError: C_Sign: CKR_FUNCTION_FAILED'],
    })
    expect(saying(judgement, 'a MAC is 64 bytes')?.verdict).toBe('broken')
  })
})

describe('a module that brings its process down', () => {
  const areas = ['MACs', 'sealing']
  let judgement: Judgement
  let killed: string | undefined
  beforeAll(async () => {
    const token = await softToken()
    judgement = await judgeToken({ ...subjectOf(token), areas }, ({ area }) => {
      if (area !== 'sealing' || killed !== undefined) return
      killed = area
      for (const pid of judges()) process.kill(pid, 'SIGKILL')
    })
    await token.remove()
  }, 120_000)

  test('costs the one promise in which it died, and is named', () => {
    const broken = judgement.outcomes.filter(({ verdict }) => verdict !== 'kept')
    expect(broken).toMatchObject([{ verdict: 'broken', remarks: [expect.stringContaining('SIGKILL')] }])
  })

  test('leaves none untried', () => {
    const wanted = tokenPromises.filter(({ area }) => areas.includes(area)).map(({ says }) => says)
    expect(judgement.outcomes.map(({ says }) => says)).toEqual(wanted)
    expect(judges()).toEqual([])
  })
})

test('a module that hangs is killed, and the promise that it hung in is broken', async () => {
  const { shim, subject } = await ownToken()
  // A quick token is through with everything before it can be told to hang.
  shim.delay(50, ['C_WrapKey', 'C_Sign'])
  let hung = false
  const areas = ['published vectors', 'MACs']
  const judgement = await judgeToken({ ...subject, areas, patienceMs: 20_000 }, ({ area, verdict }) => {
    if (verdict === 'broken') shim.mend()
    if (area !== 'published vectors' || hung) return
    hung = true
    shim.hang(['C_Encrypt', 'C_WrapKey', 'C_Sign'], 'before')
  })
  expect(judgement.failure).toBeUndefined()
  const broken = judgement.outcomes.filter(({ verdict }) => verdict === 'broken')
  expect(broken).toMatchObject([{ remarks: ['nothing came from the token for 20 seconds'] }])
  expect(judgement.outcomes).toHaveLength(tokenPromises.filter(({ area }) => areas.includes(area)).length)
}, 300_000)
