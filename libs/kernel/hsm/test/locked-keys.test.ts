import { describe, expect, test, vi } from 'vitest'
import { type LockedKey, type LockRequest, Unopenable } from '../src/index.ts'
import { CKA } from '../src/pkcs11/cryptoki.ts'
import { acquireModule } from '../src/pkcs11/module-registry.ts'
import { injectFaults } from '../src/testing/index.ts'
import { testedModules } from './modules.ts'
import { binding, openWorld, otherBindings, pin } from './world.ts'

const request: LockRequest = { binding, factor: pin('1234') }
const wrong: LockRequest = { binding, factor: pin('4321') }

describe.each(testedModules)('locked keys on $name', (module) => {
  test('the factor opens the key, and no other factor does', async () => {
    const { keystore } = await openWorld(module)
    const locked = await keystore.issueLockedKey(request)
    expect(locked.verifier).toHaveLength(32)
    const key = await keystore.openLockedKey(request, locked)
    expect(key).toHaveLength(32)
    expect(key?.equals((await keystore.openLockedKey(request, locked)) ?? new Uint8Array())).toBe(true)
    for (const factor of ['', '123', '12345', '1234\0', '１２３４']) {
      const attempt = { binding, factor: pin(factor) }
      expect(await keystore.openLockedKey(attempt, locked)).toBeUndefined()
      expect(await keystore.fitsLock(attempt, locked)).toBe(false)
    }
    expect(await keystore.fitsLock(request, locked)).toBe(true)
  })

  test('a wrong factor costs exactly one MAC, whatever the row holds', async () => {
    const { keystore, token } = await openWorld(module, { probeIntervalMs: 60_000 })
    const locked = await keystore.issueLockedKey(request)
    const decoy: LockedKey = { verifier: new Uint8Array(32), envelope: new Uint8Array() }
    const device = injectFaults(token.module)
    for (const row of [locked, decoy, { ...locked, verifier: new Uint8Array() }]) {
      const guesses = [
        () => keystore.openLockedKey(wrong, row),
        () => keystore.fitsLock(wrong, row),
        () => keystore.relockKey(wrong, row, request),
      ]
      for (const guess of guesses) {
        const [all, macs] = [device.calls(), device.calls('C_Sign')]
        expect((await guess()) || undefined).toBeUndefined()
        // C_SignInit and C_Sign.
        expect([device.calls() - all, device.calls('C_Sign') - macs]).toEqual([2, 1])
      }
    }
    device.release()
  })

  test.each(otherBindings)('the right factor for another %s does not fit', async (_field, elsewhere) => {
    const { keystore } = await openWorld(module)
    const locked = await keystore.issueLockedKey(request)
    expect(await keystore.openLockedKey({ ...request, binding: elsewhere }, locked)).toBeUndefined()
  })

  test('a verifier that fits does not open the envelope of another row', async () => {
    const { keystore } = await openWorld(module)
    const elsewhere = { ...request, binding: { ...binding, row: 'row-2' } }
    const [mine, theirs] = [await keystore.issueLockedKey(request), await keystore.issueLockedKey(elsewhere)]
    const mixed = { verifier: theirs.verifier, envelope: mine.envelope }
    await expect(keystore.openLockedKey(elsewhere, mixed)).rejects.toThrow(Unopenable)
  })

  test('relocking keeps the key and retires the old factor and version', async () => {
    const { keystore } = await openWorld(module)
    const next = { binding: { ...binding, version: 2 }, factor: pin('a longer one') }
    const locked = await keystore.issueLockedKey(request)
    const key = await keystore.openLockedKey(request, locked)
    const relocked = await keystore.relockKey(request, locked, next)
    if (!relocked || !key) throw new Error('the factor did not fit')
    expect((await keystore.openLockedKey(next, relocked))?.equals(key)).toBe(true)
    expect(await keystore.openLockedKey(request, relocked)).toBeUndefined()
    expect(await keystore.relockKey(wrong, locked, next)).toBeUndefined()
  })

  test('the key that is relocked never leaves the token', async () => {
    const { keystore, token } = await openWorld(module, { probeIntervalMs: 60_000 })
    const locked = await keystore.issueLockedKey(request)
    const device = injectFaults(token.module)
    const { pkcs11 } = acquireModule(token.module)
    const unwrap = vi.spyOn(pkcs11, 'C_UnwrapKey')
    await keystore.relockKey(request, locked, wrong)
    expect([device.calls('C_UnwrapKey'), device.calls('C_GetAttributeValue')]).toEqual([1, 0])
    // Into another process a spy cannot look.
    const isSensitive = unwrap.mock.lastCall?.[4].some(({ type, value }) => type === CKA.sensitive && value === true)
    expect(isSensitive).toBe(module.executor === 'process' ? undefined : true)
    unwrap.mockRestore()
    device.release()
  })

  test('every object that an operation makes is destroyed, and after a failure as well', async () => {
    const { keystore, token } = await openWorld(module, { probeIntervalMs: 60_000 })
    const device = injectFaults(token.module)
    const locked = await keystore.issueLockedKey(request)
    await keystore.openLockedKey(request, locked)
    const made = device.calls('C_CreateObject') + device.calls('C_GenerateKey') + device.calls('C_UnwrapKey')
    expect(device.calls('C_DestroyObject')).toBe(made)
    device.fail(['C_GetAttributeValue'], { name: 'CKR_FUNCTION_FAILED', code: 6, times: 1 })
    expect(await keystore.openLockedKey(request, locked)).toHaveLength(32)
    device.release()
  })

  test('a locked key with any byte changed does not open', async () => {
    const { keystore } = await openWorld(module)
    const locked = await keystore.issueLockedKey(request)
    for (let at = 0; at < locked.envelope.length; at++) {
      const envelope = Uint8Array.from(locked.envelope, (byte, index) => (index === at ? byte ^ 0x02 : byte))
      await expect(keystore.openLockedKey(request, { ...locked, envelope }), `byte ${at}`).rejects.toThrow(Unopenable)
    }
    for (let at = 0; at < 32; at++) {
      const verifier = Uint8Array.from(locked.verifier, (byte, index) => (index === at ? byte ^ 0x80 : byte))
      expect(await keystore.fitsLock(request, { ...locked, verifier })).toBe(false)
    }
  })

  test('nobody can MAC under the key of the locks', async () => {
    const { keystore } = await openWorld(module)
    await expect(keystore.mac('lock', new Uint8Array())).rejects.toThrow(/locked keys alone/)
  })
})
