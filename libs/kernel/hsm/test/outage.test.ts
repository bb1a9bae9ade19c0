import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { Secret } from '@strongroom/crypto'
import { describe, expect, test, vi } from 'vitest'
import { type HsmLog, HsmUnavailable, Unopenable } from '../src/index.ts'
import { acquireModule } from '../src/pkcs11/module-registry.ts'
import { injectFaults } from '../src/testing/index.ts'
import { testedModules } from './modules.ts'
import { binding, openWorld, pin, untilHealed } from './world.ts'

const lock = { binding, factor: pin('1234') }

describe.each(testedModules)('outages on $name', (module) => {
  test('a device that fails computes nothing: 503, never Unopenable, and it heals by itself', async () => {
    const { keystore, token } = await openWorld(module)
    const [envelope, locked] = [await keystore.seal(new Secret('kept'), binding), await keystore.issueLockedKey(lock)]
    const device = injectFaults(token.module)
    device.fail(['C_DecryptInit', 'C_SignInit', 'C_OpenSession', 'C_Initialize'], {
      name: 'CKR_DEVICE_ERROR',
      code: 0x30,
    })
    await expect(keystore.open(envelope, binding)).rejects.toThrow(HsmUnavailable)
    await expect(keystore.openLockedKey(lock, locked)).rejects.toThrow(HsmUnavailable)
    await expect(keystore.check()).rejects.toThrow(HsmUnavailable)
    expect(() => keystore.assertAvailable()).toThrow(HsmUnavailable)
    device.mend()
    await untilHealed(keystore)
    expect((await keystore.open(envelope, binding)).equals(new Secret('kept'))).toBe(true)
    expect(await keystore.openLockedKey(lock, locked)).toHaveLength(32)
    device.release()
  })

  test('while it is known to be away, no call reaches the device', async () => {
    const { keystore, token } = await openWorld(module, { random: () => 1 })
    const device = injectFaults(token.module)
    device.fail(['C_SignInit', 'C_OpenSession', 'C_Initialize'], { name: 'CKR_DEVICE_REMOVED', code: 0x32 })
    await expect(keystore.mac('code', new Uint8Array(1))).rejects.toThrow(HsmUnavailable)
    const calls = device.calls()
    const refused = await keystore.mac('code', new Uint8Array(1)).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(HsmUnavailable)
    expect((refused as HsmUnavailable).retryAfterSeconds).toBeGreaterThanOrEqual(1)
    for (let i = 0; i < 100; i++) expect(() => keystore.assertAvailable()).toThrow(HsmUnavailable)
    expect(device.calls()).toBe(calls)
    device.release()
  })

  test('one transient error costs a session and nothing else, whatever its code', async () => {
    const { keystore, token } = await openWorld(module)
    const envelope = await keystore.seal(new Secret('kept'), binding)
    const device = injectFaults(token.module)
    for (const code of [0x05, 0x06, 0x30, 0x40, 0x90, 0xb3, 0x8000_0123]) {
      device.fail(['C_Decrypt'], { name: 'CKR_X', code, times: 1 })
      expect((await keystore.open(envelope, binding)).equals(new Secret('kept'))).toBe(true)
    }
    device.release()
  })

  test('a device that resets under load gives right answers or none', async () => {
    const { keystore, token } = await openWorld(module)
    const locked = await keystore.issueLockedKey(lock)
    const [key, mac] = [await keystore.openLockedKey(lock, locked), await keystore.mac('code', new Uint8Array(1))]
    const device = injectFaults(token.module)
    const wrong = { binding, factor: pin('0000') }
    const answers: unknown[] = []
    const rightAnswers = async () =>
      isDeepStrictEqual(
        [(await keystore.openLockedKey(lock, locked))?.expose(), await keystore.mac('code', new Uint8Array(1))],
        [key?.expose(), mac],
      ) && (await keystore.openLockedKey(wrong, locked)) === undefined
    // A process that is started anew takes longer than a login.
    const pause = module.executor === 'process' ? 100 : 10
    for (let round = 0; round < 60; round++) {
      if (round % 20 === 10) device.reset()
      const answer = await rightAnswers().catch((error: unknown) => error)
      answers.push(answer)
      await sleep(pause)
    }
    const outages = answers.filter((answer) => answer instanceof HsmUnavailable)
    expect(answers.filter((answer) => answer === true).length + outages.length).toBe(answers.length)
    expect(outages.length).toBeGreaterThan(0)
    expect(outages.length).toBeLessThan(50)
    await untilHealed(keystore)
    device.release()
  })

  test('the probe notices an idle loss, and the log tells of it once', async () => {
    const log = vi.fn<HsmLog>()
    const { keystore, token } = await openWorld(module, { log })
    const device = injectFaults(token.module)
    device.reset()
    await vi.waitFor(() => expect(log).toHaveBeenCalledWith('hsm-lost', expect.any(String)), 3000)
    await untilHealed(keystore)
    expect(log.mock.calls.filter(([event]) => event === 'hsm-lost')).toHaveLength(1)
    expect(log).toHaveBeenCalledWith('hsm-recovered', expect.any(String))
    device.release()
  })

  test('a second keystore of the process follows when the first initialises the module anew', async () => {
    const { keystore, open, token } = await openWorld(module)
    const second = await open({ app: 'sibling' })
    const envelope = await second.seal(new Secret('kept'), binding)
    const device = injectFaults(token.module)
    device.reset()
    await expect(keystore.check()).rejects.toThrow(HsmUnavailable)
    await untilHealed(keystore)
    await untilHealed(second)
    expect((await second.open(envelope, binding)).equals(new Secret('kept'))).toBe(true)
    device.release()
  })

  test('keystores that log in anew one after the other do not close each other’s sessions', async () => {
    const { keystore, open, token } = await openWorld(module, { probeIntervalMs: 60_000 })
    const second = await open({ app: 'sibling', probeIntervalMs: 60_000 })
    const neighbour = acquireModule(token.module)
    neighbour.reinitialise(neighbour.generation)
    const device = injectFaults(token.module)
    // The other way round than they were opened: their session numbers change places.
    for (const each of [second, keystore, second, keystore])
      expect(await each.seal(new Secret('x'), binding)).toBeDefined()
    // One login each, and nothing to mend; to keystores in processes of their own nothing happened.
    expect(device.calls('C_Login')).toBe(module.executor === 'process' ? 0 : 2)
    device.release()
    neighbour.release()
  })

  test('a module that was initialised anew for another keystore costs nobody a call', async () => {
    const { keystore, token } = await openWorld(module, { probeIntervalMs: 60_000 })
    const neighbour = acquireModule(token.module)
    const mac = await keystore.mac('code', new Uint8Array(1))
    neighbour.reinitialise(neighbour.generation)
    expect(await keystore.mac('code', new Uint8Array(1))).toEqual(mac)
    neighbour.release()
  })

  test('the token is taken away and brought back', async () => {
    const { keystore, token } = await openWorld(module)
    const envelope = await keystore.seal(new Secret('kept'), binding)
    await token.take()
    const away = module.removal === 'noticed' ? ['HsmUnavailable', 'HsmUnavailable'] : [undefined, undefined]
    const outcome = () => Promise.all([keystore.check(), keystore.open(envelope, binding)].map(nameOfFailure))
    expect(await outcome()).toEqual(away)
    await sleep(300)
    expect(await outcome()).toEqual(away)
    await token.bringBack()
    await untilHealed(keystore)
    expect((await keystore.open(envelope, binding)).equals(new Secret('kept'))).toBe(true)
    await expect(keystore.open(envelope, { ...binding, row: 'x' })).rejects.toThrow(Unopenable)
  })

  test('a closed keystore answers nothing', async () => {
    const { keystore } = await openWorld(module)
    await keystore.close()
    await keystore.close()
    await expect(keystore.mac('code', new Uint8Array(1))).rejects.toThrow(HsmUnavailable)
  })
})

const nameOfFailure = (call: Promise<unknown>): Promise<string | undefined> =>
  call.then(
    () => undefined,
    (error: Error) => error.name,
  )
