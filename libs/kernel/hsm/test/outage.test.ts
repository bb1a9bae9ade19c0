import { setTimeout as sleep } from 'node:timers/promises'
import { Secret } from '@strongroom/crypto'
import { describe, expect, test, vi } from 'vitest'
import { type HsmLog, HsmUnavailable, Unopenable } from '../src/index.ts'
import { acquireModule } from '../src/pkcs11/module-registry.ts'
import { injectFaults } from '../src/testing/index.ts'
import { testedModules } from './modules.ts'
import { binding, openWorld, untilHealed } from './world.ts'

describe.each(testedModules)('outages on $name', (module) => {
  test('the probe notices an idle loss, and the log tells of it once', async () => {
    const log = vi.fn<HsmLog>()
    const { keystore, token } = await openWorld(module, { log })
    const device = injectFaults(token.module)
    device.reset()
    await vi.waitFor(() => expect(log).toHaveBeenCalledWith('hsm-lost', expect.any(String)), 30_000)
    await untilHealed(keystore)
    expect(log.mock.calls.filter(([event]) => event === 'hsm-lost')).toHaveLength(1)
    expect(log).toHaveBeenCalledWith('hsm-recovered', expect.any(String))
    device.release()
  })

  test('a second keystore of the process follows when the first initialises the module anew', async () => {
    // Without probes: a reset meets whoever calls next, in whichever process, and a look that is under way is shared.
    const { keystore, open, token } = await openWorld(module, { probeIntervalMs: 60_000 })
    const second = await open({ app: 'sibling', probeIntervalMs: 60_000 })
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
    // Without probes: a look that began before would be shared.
    const { keystore, token } = await openWorld(module, { probeIntervalMs: 60_000 })
    const envelope = await keystore.seal(new Secret('kept'), binding)
    await token.take()
    const away = module.removal === 'noticed' ? ['HsmUnavailable', 'HsmUnavailable'] : [undefined, undefined]
    // One after the other: a session copy of a key outlives the token until the look at the token's own object.
    const outcome = async () => [
      await nameOfFailure(keystore.check()),
      await nameOfFailure(keystore.open(envelope, binding)),
    ]
    expect(await outcome()).toEqual(away)
    await sleep(300)
    expect(await outcome()).toEqual(away)
    await token.bringBack()
    await untilHealed(keystore)
    expect((await keystore.open(envelope, binding)).equals(new Secret('kept'))).toBe(true)
    await expect(keystore.open(envelope, { ...binding, row: 'x' })).rejects.toThrow(Unopenable)
  })
})

const nameOfFailure = (call: Promise<unknown>): Promise<string | undefined> =>
  call.then(
    () => undefined,
    (error: Error) => error.name,
  )
