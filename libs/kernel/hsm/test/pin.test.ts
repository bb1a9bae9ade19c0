import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { filePinLatch, openKeystore } from '../src/index.ts'
import { hashPin, isLatched } from '../src/pin-latch.ts'
import { refuseLatchedPin, refuseLowCount } from '../src/log-in.ts'
import { acquireModule } from '../src/pkcs11/module-registry.ts'
import { CKF } from '../src/pkcs11/cryptoki.ts'
import { injectFaults, memoryPinLatch } from '../src/testing/index.ts'
import { inlineModules, testedModules } from './modules.ts'
import { freshToken, openWorld, pin, placeOf, tenant } from './world.ts'

describe.each(testedModules)('the PIN on $name', (module) => {
  test('a PIN that the token itself refuses is tried once, and the right one afterwards', async () => {
    const token = await freshToken(module)
    const device = injectFaults(token.module)
    const attempt = () => openKeystore({ ...token, ...tenant, ...placeOf(module), keys: [], pin: pin('not the PIN') })
    await expect(attempt()).rejects.toMatchObject({ reason: 'pin-refused' })
    await expect(attempt()).rejects.toMatchObject({ reason: 'pin-latched' })
    await expect(attempt()).rejects.toMatchObject({ reason: 'pin-latched' })
    expect(device.calls('C_Login')).toBe(1)
    const corrected = await openKeystore({ ...token, ...tenant, ...placeOf(module), keys: [] })
    expect(device.calls('C_Login')).toBe(2)
    await corrected.close()
    device.release()
  })

  test('a PIN that is refused while the keystore heals is latched, not tried again', async () => {
    const pinLatch = memoryPinLatch()
    // Without probes: a look that began before the reset would be shared.
    const { keystore, token } = await openWorld(module, { pinLatch, probeIntervalMs: 60_000 })
    const device = injectFaults(token.module)
    device.fail(['C_Login'], { name: 'CKR_PIN_INCORRECT', code: 0xa0 })
    device.reset()
    await expect(keystore.check()).rejects.toThrow(/not available/)
    await expect.poll(() => pinLatch.read()).toBeDefined()
    const logins = device.calls('C_Login')
    await expect(keystore.mac('code', new Uint8Array(1))).rejects.toThrow(/not available/)
    expect([logins, device.calls('C_Login')]).toEqual([1, 1])
    device.release()
  })
})

const tokenWith = (flags: number) => ({ slot: Buffer.alloc(8), flags, description: { label: 'hsm' } }) as never
const login = (lowPinCount: 'refuse' | 'accept', entry?: string) => ({
  pin: pin('1234'),
  lowPinCount,
  pinLatch: { read: () => Promise.resolve(entry), write: () => Promise.resolve() },
})

describe('the PIN latch', () => {
  test('a PIN that is refused when the module was initialised anew is tried once as well', async () => {
    for (const module of inlineModules) {
      const { keystore, token } = await openWorld(module)
      const device = injectFaults(token.module)
      const neighbour = acquireModule(token.module)
      device.fail(['C_Login'], { name: 'CKR_PIN_INCORRECT', code: 0xa0 })
      neighbour.reinitialise(neighbour.generation)
      await expect(keystore.check()).rejects.toThrow(/refused the PIN/)
      await sleep(500)
      expect(device.calls('C_Login')).toBe(1)
      neighbour.release()
      device.release()
    }
  })

  test('a count that is low for reasons of others stops the login before it is tried', async () => {
    expect(await refuseLatchedPin('hsm', login('refuse'))).toBe('refuse')
    expect(() => refuseLowCount(tokenWith(CKF.pinCountLow), 'refuse')).toThrow(/gave the token "hsm" a wrong PIN/)
    expect(await refuseLatchedPin('hsm', login('accept'))).toBe('accept')
    expect(() => refuseLowCount(tokenWith(CKF.pinCountLow), 'accept')).not.toThrow()
  })

  test('a count that is low because of our own refused PIN lets the corrected one through', async () => {
    expect(await refuseLatchedPin('hsm', login('refuse', await hashPin(pin('4321'))))).toBe('accept')
    const same = refuseLatchedPin('hsm', login('accept', await hashPin(pin('1234'))))
    await expect(same).rejects.toMatchObject({ reason: 'pin-latched' })
  })

  test('the last try and a locked PIN are never touched', () => {
    expect(() => refuseLowCount(tokenWith(CKF.pinFinalTry), 'accept')).toThrow(/one PIN try left/)
    expect(() => refuseLowCount(tokenWith(CKF.pinLocked), 'accept')).toThrow(/is locked/)
  })

  test('the file holds a salted hash, for its owner alone', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'strongroom-latch-'))
    onTestFinished(() => rm(directory, { recursive: true }))
    const path = join(directory, 'state', 'refused-pin')
    const latch = filePinLatch(path)
    expect(await latch.read()).toBeUndefined()
    await latch.write(await hashPin(pin('13572468')))
    expect(await readFile(path, 'utf8')).not.toContain('13572468')
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect(await isLatched((await latch.read()) ?? '', pin('13572468'))).toBe(true)
    expect(await isLatched((await latch.read()) ?? '', pin('13572469'))).toBe(false)
    expect(await hashPin(pin('1'))).not.toBe(await hashPin(pin('1')))
  })

  test('an entry that cannot be read counts as this PIN', async () => {
    for (const entry of ['', 'rubbish', 'scrypt-2$AA$AA', 'scrypt-1$!$AA']) {
      expect(await isLatched(entry, pin('1234'))).toBe(true)
    }
  })
})
