import { Secret } from '@strongroom/crypto'
import { describe, expect, test, vi } from 'vitest'
import { HsmUnavailable, type LockRequest, type PreparedLock, Unopenable } from '../src/index.ts'
import { CKA } from '../src/pkcs11/cryptoki.ts'
import { acquireModule } from '../src/pkcs11/module-registry.ts'
import { injectFaults } from '../src/testing/index.ts'
import { testedModules } from './modules.ts'
import { binding, openWorld, otherBindings, pin, untilHealed } from './world.ts'

const request: LockRequest = { binding, factor: pin('1234') }
const recovered = new Secret(new Uint8Array(32).fill(0xa5))

describe.each(testedModules)('prepared locks on $name', (module) => {
  test('a recovered key opens to the prepared factor and to no other, like an issued one', async () => {
    const { keystore } = await openWorld(module)
    const prepared = await keystore.prepareLock(request)
    const locked = await keystore.lockRecoveredKey(recovered, binding, prepared)
    expect(locked.verifier).toEqual((await keystore.issueLockedKey(request)).verifier)
    expect((await keystore.openLockedKey(request, locked))?.equals(recovered)).toBe(true)
    expect(await keystore.fitsLock(request, locked)).toBe(true)
    for (const factor of ['', '123', '12345', '4321']) {
      expect(await keystore.openLockedKey({ binding, factor: pin(factor) }, locked)).toBeUndefined()
    }
    const next = { binding: { ...binding, version: 2 }, factor: pin('another') }
    const relocked = await keystore.relockKey(request, locked, next)
    if (!relocked) throw new Error('the factor did not fit')
    expect((await keystore.openLockedKey(next, relocked))?.equals(recovered)).toBe(true)
  })

  test.each(otherBindings)('a lock prepared for another %s locks nothing here', async (_field, elsewhere) => {
    const { keystore } = await openWorld(module)
    const prepared = await keystore.prepareLock({ ...request, binding: elsewhere })
    await expect(keystore.lockRecoveredKey(recovered, binding, prepared)).rejects.toThrow(Unopenable)
    const locked = await keystore.lockRecoveredKey(recovered, elsewhere, prepared)
    expect(await keystore.openLockedKey(request, locked)).toBeUndefined()
  })

  test('a lock prepared for an older epoch locks nothing in a newer, and never the reverse', async () => {
    const { keystore } = await openWorld(module)
    const [older, newer] = [
      { ...binding, version: 1 },
      { ...binding, version: 2 },
    ]
    const [first, second] = [
      await keystore.prepareLock({ ...request, binding: older }),
      await keystore.prepareLock({ ...request, binding: newer }),
    ]
    await expect(keystore.lockRecoveredKey(recovered, newer, first)).rejects.toThrow(Unopenable)
    await expect(keystore.lockRecoveredKey(recovered, older, second)).rejects.toThrow(Unopenable)
  })

  test('another app, another deployment and another token lock nothing with it', async () => {
    const here = await openWorld(module)
    const prepared = await here.keystore.prepareLock(request)
    const others = [
      await here.open({ app: 'sibling' }),
      await here.open({ deployment: 'staging' }),
      (await openWorld(module)).keystore,
    ]
    for (const keystore of others) {
      await expect(keystore.lockRecoveredKey(recovered, binding, prepared)).rejects.toThrow(Unopenable)
    }
  })

  test('a prepared lock opens as nothing else, whatever kind it says it is', async () => {
    const { keystore } = await openWorld(module)
    const { verifier, envelope } = await keystore.prepareLock(request)
    for (let kind = 0; kind < 8; kind++) {
      const disguised = Uint8Array.from(envelope, (byte, at) => (at === 1 ? kind : byte))
      await expect(keystore.open(disguised, binding)).rejects.toThrow(Unopenable)
      await expect(keystore.openKey(disguised, binding)).rejects.toThrow(Unopenable)
      await expect(keystore.openLockedKey(request, { verifier, envelope: disguised })).rejects.toThrow(Unopenable)
    }
  })

  test('nothing else that the keystore made passes for a prepared lock, whatever kind it says it is', async () => {
    const { keystore } = await openWorld(module)
    const { verifier } = await keystore.prepareLock(request)
    // What an owner may have sealed in this very row: halves that he knows.
    const halves = new Secret(Uint8Array.of(...verifier, ...new Uint8Array(32)))
    const locked = await keystore.issueLockedKey(request)
    for (const other of [await keystore.seal(halves, binding), locked.envelope, await keystore.issueKey(binding)]) {
      for (let kind = 0; kind < 8; kind++) {
        const envelope = Uint8Array.from(other, (byte, at) => (at === 1 ? kind : byte))
        const attempt = keystore.lockRecoveredKey(recovered, binding, { verifier, envelope })
        await expect(attempt).rejects.toThrow(Unopenable)
      }
    }
  })

  test('the verifier of another factor, or none, is refused before a key is locked to nobody', async () => {
    const { keystore } = await openWorld(module)
    const prepared = await keystore.prepareLock(request)
    const other = await keystore.prepareLock({ ...request, factor: pin('4321') })
    for (const verifier of [other.verifier, new Uint8Array(32), new Uint8Array()]) {
      const mixed: PreparedLock = { ...prepared, verifier }
      await expect(keystore.lockRecoveredKey(recovered, binding, mixed)).rejects.toThrow(Unopenable)
    }
  })

  test('a prepared lock with any byte changed is refused', async () => {
    const { keystore } = await openWorld(module)
    const prepared = await keystore.prepareLock(request)
    for (let at = 0; at < prepared.envelope.length; at++) {
      const envelope = Uint8Array.from(prepared.envelope, (byte, index) => (index === at ? byte ^ 0x02 : byte))
      const attempt = keystore.lockRecoveredKey(recovered, binding, { ...prepared, envelope })
      await expect(attempt, `byte ${at}`).rejects.toThrow(Unopenable)
    }
  })

  test('a key of another length than 32 bytes is refused', async () => {
    const { keystore } = await openWorld(module)
    const prepared = await keystore.prepareLock(request)
    for (const length of [0, 16, 31, 33, 64]) {
      const attempt = keystore.lockRecoveredKey(new Secret(new Uint8Array(length)), binding, prepared)
      await expect(attempt).rejects.toMatchObject({ reason: 'input-refused' })
    }
  })

  test('the recovered key is sensitive on the token, and destroyed there even after a failure', async () => {
    const { keystore, token } = await openWorld(module, { probeIntervalMs: 60_000 })
    const prepared = await keystore.prepareLock(request)
    const device = injectFaults(token.module)
    const { pkcs11 } = acquireModule(token.module)
    const create = vi.spyOn(pkcs11, 'C_CreateObject')
    await keystore.lockRecoveredKey(recovered, binding, prepared)
    expect(create.mock.calls).toHaveLength(module.executor === 'inline' ? 2 : 0)
    for (const [, template] of create.mock.calls) {
      expect(template).toContainEqual({ type: CKA.sensitive, value: true })
      expect(template).toContainEqual({ type: CKA.token, value: false })
    }
    expect([device.calls('C_CreateObject'), device.calls('C_DestroyObject')]).toEqual([2, 2])
    expect(device.calls('C_GetAttributeValue')).toBe(0)
    create.mockRestore()
    const before = device.calls('C_DestroyObject')
    device.fail(['C_WrapKey'], { name: 'CKR_FUNCTION_FAILED', code: 6, times: 1 })
    const retried = await keystore.lockRecoveredKey(recovered, binding, prepared)
    expect(device.calls('C_DestroyObject') - before).toBeGreaterThanOrEqual(4)
    expect((await keystore.openLockedKey(request, retried))?.equals(recovered)).toBe(true)
    device.release()
  })

  test('a device that is away locks nothing and prepares nothing', async () => {
    const { keystore, token } = await openWorld(module)
    const prepared = await keystore.prepareLock(request)
    const device = injectFaults(token.module)
    const away = { name: 'CKR_DEVICE_REMOVED', code: 0x32 }
    device.fail(['C_DecryptInit', 'C_SignInit', 'C_OpenSession', 'C_Initialize'], away)
    await expect(keystore.lockRecoveredKey(recovered, binding, prepared)).rejects.toThrow(HsmUnavailable)
    await expect(keystore.prepareLock(request)).rejects.toThrow(HsmUnavailable)
    device.mend()
    await untilHealed(keystore)
    expect(await keystore.lockRecoveredKey(recovered, binding, prepared)).toMatchObject({ verifier: prepared.verifier })
    device.release()
  })
})
