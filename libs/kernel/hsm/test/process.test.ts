import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Secret } from '@strongroom/crypto'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { type HsmLog, HsmUnavailable, openKeystore } from '../src/index.ts'
import { makeProcessWorld, readProc, tokenProcesses } from './process-world.ts'
import { binding, pin, tenant, untilHealed } from './world.ts'

const lock = { binding, factor: pin('1234') }
const message = new Uint8Array(3)

describe('a token in a process of its own', () => {
  test('works in so many sessions at once, on one login', async () => {
    const { open, device } = await makeProcessWorld()
    const keystore = await open({ sessions: 4 })
    expect(device.calls('C_Login')).toBe(1)
    const mac = await keystore.mac('code', message)
    const signed = device.calls('C_Sign')
    device.hang(['C_Sign'], 'before')
    const calls = Array.from({ length: 6 }, () => keystore.mac('code', message))
    await expect.poll(() => device.calls('C_Sign') - signed).toBe(4)
    device.mend()
    for (const result of await Promise.all(calls)) expect(result).toEqual(mac)
    expect(device.calls('C_Login')).toBe(1)
  })

  test('lets so many wait and no more; who is refused is told when to come back, and the others are answered', async () => {
    const { open, device } = await makeProcessWorld()
    const keystore = await open({ sessions: 1, callSeconds: 30 })
    device.hang(['C_Sign'], 'before')
    const calls = Array.from({ length: 80 }, () => keystore.mac('code', message))
    const settled = Promise.allSettled(calls)
    expect(() => keystore.assertAvailable()).toThrow(HsmUnavailable)
    const looked = keystore.check()
    device.mend()
    const outcomes = await settled
    const refused = outcomes.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[]
    // One is worked on, 64 wait.
    expect(refused).toHaveLength(80 - 65)
    for (const { reason } of refused) expect(reason).toMatchObject({ name: 'HsmUnavailable', retryAfterSeconds: 1 })
    await looked
    expect(() => keystore.assertAvailable()).not.toThrow()
  })

  test('lets nobody wait longer than a call may take', async () => {
    const { open, device } = await makeProcessWorld()
    const keystore = await open({ sessions: 1, callSeconds: 5 })
    // Each call is answered in time, but not ten of them.
    device.delay(1_000, ['C_Sign'])
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => keystore.mac('code', message)))
    const reasons = outcomes.flatMap((one) => (one.status === 'rejected' ? [String(one.reason)] : []))
    expect(reasons.length).toBeGreaterThan(0)
    expect(reasons.length).toBeLessThan(20)
    for (const reason of reasons) expect(reason).toMatch(/every session was busy for too long/)
  })

  test('is not called late for a delay of our own', async () => {
    const { open } = await makeProcessWorld()
    const keystore = await open({ callSeconds: 1 })
    const asked = keystore.mac('code', message)
    for (const over = performance.now() + 3_000; performance.now() < over;);
    expect(await asked).toHaveLength(64)
    expect(() => keystore.assertAvailable()).not.toThrow()
  })

  test('crashes alone: what was called is an outage, and the next process goes on', async () => {
    const log = vi.fn<HsmLog>()
    const { open, device } = await makeProcessWorld()
    const keystore = await open({ log })
    const locked = await keystore.issueLockedKey(lock)
    device.crash(['C_UnwrapKey'])
    const outcomes = await Promise.allSettled([
      keystore.openLockedKey(lock, locked),
      keystore.openLockedKey(lock, locked),
    ])
    for (const one of outcomes) expect(one).toMatchObject({ status: 'rejected', reason: { name: 'HsmUnavailable' } })
    expect(log).toHaveBeenCalledWith('hsm-lost', 'its process ended (SIGABRT)')
    device.mend()
    await untilHealed(keystore)
    expect(await keystore.openLockedKey(lock, locked)).toHaveLength(32)
  })

  test('makes room for another when it has grown, and no call notices', async () => {
    const log = vi.fn<HsmLog>()
    const { open } = await makeProcessWorld()
    const keystore = await open({ log, mostGrowth: -1, probeIntervalMs: 100 })
    const [first] = tokenProcesses()
    const locked = await keystore.issueLockedKey(lock)
    while (log.mock.calls.filter(([event]) => event === 'hsm-replaced').length < 3) {
      const opened = await Promise.all(Array.from({ length: 4 }, () => keystore.openLockedKey(lock, locked)))
      for (const key of opened) expect(key).toHaveLength(32)
    }
    expect(new Set(log.mock.calls.map(([event]) => event))).toEqual(new Set(['hsm-replaced']))
    expect(tokenProcesses()).not.toContain(first)
    await keystore.close()
    expect(tokenProcesses()).toEqual([])
  })

  test('is not left behind by a close that comes while another takes its place', async () => {
    const log = vi.fn<HsmLog>()
    const { open } = await makeProcessWorld()
    const keystore = await open({ log, mostGrowth: -1, probeIntervalMs: 100, callSeconds: 60 })
    const [first = 0] = tokenProcesses()
    await expect.poll(() => tokenProcesses(), { interval: 5 }).toHaveLength(2)
    // It hears that it is to end, and cannot.
    process.kill(first, 'SIGSTOP')
    onTestFinished(() => {
      for (const pid of tokenProcesses()) process.kill(pid, 'SIGCONT')
    })
    await expect.poll(() => log.mock.calls.map(([event]) => event)).toEqual(['hsm-replaced'])
    const closed = vi.fn<() => void>()
    const closing = keystore.close().then(closed)
    await expect.poll(() => tokenProcesses()).toEqual([first])
    expect(closed).not.toHaveBeenCalled()
    process.kill(first, 'SIGCONT')
    await closing
    expect(tokenProcesses()).toEqual([])
  })

  test('is told its PIN by a pipe: neither its arguments nor its environment hold it, or anything of ours', async () => {
    const { open, token } = await makeProcessWorld()
    const text = new TextDecoder().decode(token.pin.expose())
    vi.stubEnv('HSM_PIN', text)
    vi.stubEnv('DATABASE_URL', 'postgres://a-canary@localhost')
    onTestFinished(() => void vi.unstubAllEnvs())
    const keystore = await open()
    const [pid = 0] = tokenProcesses()
    const seen = [readProc(pid, 'cmdline'), readProc(pid, 'environ')]
    expect(seen[1]).toContain('SOFTHSM2_CONF=')
    for (const one of seen) {
      expect(one).not.toContain(text)
      expect(one).not.toContain('canary')
    }
    expect(await keystore.mac('code', message)).toHaveLength(64)
  })

  test('answers what was called before it is closed, and ends', async () => {
    const { open, device } = await makeProcessWorld()
    const keystore = await open({ sessions: 1 })
    device.delay(100, ['C_Sign'])
    const [called, waiting] = [1, 2].map(() => keystore.mac('code', message))
    const refused = waiting?.catch((error: unknown) => error)
    await keystore.close()
    expect(await called).toHaveLength(64)
    expect(await refused).toMatchObject({ name: 'HsmUnavailable', reason: 'closed' })
    expect(tokenProcesses()).toEqual([])
    await expect(keystore.mac('code', message)).rejects.toThrow(HsmUnavailable)
  })

  test('ends with a parent that is killed, even while the token hangs', async () => {
    const { token, keys, device } = await makeProcessWorld()
    const plainKeys = keys.map((key) => ({ ...key, checkValue: Buffer.from(key.checkValue).toString('hex') }))
    const order = { ...token, ...tenant, keys: plainKeys, pin: new TextDecoder().decode(token.pin.expose()) }
    const parent = spawn(process.execPath, ['--conditions=@strongroom/source', `${import.meta.dirname}/parent.ts`], {
      stdio: ['pipe', 'inherit', 'inherit', 'ipc'],
    })
    parent.stdin?.end(JSON.stringify(order))
    await once(parent, 'message')
    const [pid] = tokenProcesses(parent.pid)
    expect(pid).toBeDefined()
    const signed = device.calls('C_Sign')
    device.hang(['C_Sign'], 'before')
    parent.send('sign')
    await expect.poll(() => device.calls('C_Sign')).toBe(signed + 1)
    parent.kill('SIGKILL')
    await once(parent, 'exit')
    await expect.poll(() => readProc(pid ?? 0, 'cmdline')).toBe('')
  })

  test('is chosen for a token that is slow, and only for one', async () => {
    const { open, device, token, keys } = await makeProcessWorld()
    const fast = await open({ executor: 'auto' })
    expect(fast.describe().executor).toBe('inline')
    device.delay(2)
    const slow = await open({ executor: 'auto' })
    expect(slow.describe()).toMatchObject({ executor: 'process', label: token.tokenLabel, software: true })
    device.delay(0)
    const sealed = await slow.seal(new Secret('kept'), binding)
    expect((await fast.open(sealed, binding)).equals(new Secret('kept'))).toBe(true)
    const inline = await openKeystore({ ...token, ...tenant, keys })
    expect(inline.describe().executor).toBe('inline')
    await inline.close()
  })

  test('refuses what is too large to send, and goes on', async () => {
    const { open } = await makeProcessWorld()
    const keystore = await open()
    const large = new Uint8Array(65 * 2 ** 20)
    await expect(keystore.mac('code', large)).rejects.toMatchObject({ reason: 'input-refused' })
    await expect(keystore.seal(new Secret(large), binding)).rejects.toMatchObject({ reason: 'input-refused' })
    const most = new Secret(new Uint8Array(4 * 2 ** 20).fill(7))
    expect((await keystore.open(await keystore.seal(most, binding), binding)).equals(most)).toBe(true)
  })
})
