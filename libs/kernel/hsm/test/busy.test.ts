import { Secret } from '@strongroom/crypto'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import {
  type HsmLog,
  HsmUnavailable,
  type KeystoreOptions,
  openKeystore,
  provisionKeys,
  Unopenable,
} from '../src/index.ts'
import { binding, needs, pin, tenant, untilHealed } from './world.ts'
import { moodyToken } from './ways-world.ts'

const BUSY = 0xb1
const FUNCTION_FAILED = 0x6
const lock = { binding, factor: pin('1234') }

async function busyWorld(changes: Partial<KeystoreOptions>) {
  const { token, device } = await moodyToken()
  const keys = await provisionKeys({ ...token, ...tenant, needs, existing: [] })
  const log = vi.fn<HsmLog>()
  const keystore = await openKeystore({ ...token, ...tenant, keys, log, probeIntervalMs: 60_000, ...changes })
  onTestFinished(async () => {
    device.mend()
    await keystore.close()
  })
  return { token, keys, device, log, keystore }
}

describe.each(['inline', 'process'] as const)('a busy token, %s', (executor) => {
  test('answers 503 with a pause, and nothing is lost, logged or initialised anew', async () => {
    const { device, log, keystore } = await busyWorld({ executor, sessions: 1, profile: 'yubihsm' })
    const sealed = await keystore.seal(new Secret('kept'), binding)
    const locked = await keystore.issueLockedKey(lock)
    const [logins, initialised] = [device.calls('C_Login'), device.calls('C_Initialize')]
    for (const calls of [1, 2, 3, 5]) {
      device.busy(BUSY, calls)
      const attempts = [
        () => keystore.open(sealed, binding),
        () => keystore.openLockedKey(lock, locked),
        () => keystore.check(),
        () => keystore.mac('code', new Uint8Array(1)),
      ]
      const outcomes = await Promise.allSettled(attempts.map((attempt) => attempt()))
      const refused = outcomes.filter(({ status }) => status === 'rejected')
      expect(refused.length).toBeGreaterThan(0)
      for (const { reason } of refused as PromiseRejectedResult[]) {
        expect(reason).toBeInstanceOf(HsmUnavailable)
        expect(reason).toMatchObject({ retryAfterSeconds: 1, reason: expect.stringContaining('busy') })
      }
      device.busy(BUSY, 0)
      expect(() => keystore.assertAvailable()).not.toThrow()
      expect((await keystore.open(sealed, binding)).equals(new Secret('kept'))).toBe(true)
      expect(await keystore.openLockedKey(lock, locked)).toHaveLength(32)
    }
    expect([device.calls('C_Login'), device.calls('C_Initialize')]).toEqual([logins, initialised])
    expect(log).not.toHaveBeenCalled()
  })

  test('a code that may mean more is busy where the canary meets it too, and else judged as ever', async () => {
    const { device, log, keystore } = await busyWorld({ executor, sessions: 1, profile: 'cloudhsm' })
    const sealed = await keystore.seal(new Secret('kept'), binding)
    device.busy(FUNCTION_FAILED, 8)
    await expect(keystore.open(sealed, binding)).rejects.toMatchObject({ name: 'HsmUnavailable', retryAfterSeconds: 2 })
    device.busy(FUNCTION_FAILED, 0)
    expect((await keystore.open(sealed, binding)).equals(new Secret('kept'))).toBe(true)
    // Once: the second try gets through.
    device.fail(['C_Decrypt'], { name: 'CKR_FUNCTION_FAILED', code: FUNCTION_FAILED, times: 1 })
    expect((await keystore.open(sealed, binding)).equals(new Secret('kept'))).toBe(true)
    const altered = Uint8Array.from(sealed, (byte, at) => (at === sealed.length - 8 ? byte ^ 1 : byte))
    await expect(keystore.open(altered, binding)).rejects.toThrow(Unopenable)
    expect(log).not.toHaveBeenCalled()
  })
})

test('without a profile the same code is an outage, which heals', async () => {
  const { device, log, keystore } = await busyWorld({})
  device.busy(BUSY, 6)
  await expect(keystore.mac('code', new Uint8Array(1))).rejects.toThrow(HsmUnavailable)
  expect(log).toHaveBeenCalledWith('hsm-lost', expect.any(String))
  device.busy(BUSY, 0)
  await untilHealed(keystore)
})

test('a token that is busy while it heals is not initialised anew for that', async () => {
  const { device, keystore } = await busyWorld({ profile: 'yubihsm' })
  device.fail(['C_Sign'], { name: 'CKR_DEVICE_ERROR', code: 0x30 })
  device.fail(['C_Decrypt'], { name: 'CKR_DEVICE_ERROR', code: 0x30 })
  await expect(keystore.mac('code', new Uint8Array(1))).rejects.toThrow(HsmUnavailable)
  const finalised = device.calls('C_Finalize')
  device.mend()
  device.busy(BUSY, 1000)
  await expect.poll(() => device.calls('C_OpenSession')).toBeGreaterThan(0)
  await new Promise((resolve) => setTimeout(resolve, 600))
  expect(device.calls('C_Finalize')).toBe(finalised)
  device.busy(BUSY, 0)
  await untilHealed(keystore)
})

test('a busy token chooses no other way of keeping: provisioning waits', async () => {
  const { token, device } = await moodyToken()
  const wish = { ...token, ...tenant, needs, existing: [], profile: 'yubihsm' } as const
  device.fail(['C_Encrypt'], { name: 'CKR_SESSION_COUNT', code: BUSY })
  await expect(provisionKeys(wish)).rejects.toThrow(HsmUnavailable)
  device.mend()
  expect((await provisionKeys(wish)).find(({ job }) => job === 'seal')?.strategy).toBe('hsm-gcm')
})
