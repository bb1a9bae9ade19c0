import { Secret } from '@strongroom/crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  HsmUnavailable,
  openKeystore,
  openRecoveryKeystore,
  provisionKeys,
  sealForRecovery,
  Unopenable,
} from '../src/index.ts'
import { requiredAttributes } from '../src/keys/job-templates.ts'
import { importAesKey, readableKey } from '../src/keys/session-keys.ts'
import { CKK, CKM, CKO } from '../src/pkcs11/cryptoki.ts'
import { DeviceError } from '../src/pkcs11/device-error.ts'
import type { Session } from '../src/pkcs11/session.ts'
import type { Attributes } from '../src/pkcs11/template.ts'
import { injectFaults, memoryPinLatch, type SoftToken } from '../src/testing/index.ts'
import { testedModules } from './modules.ts'
import { binding, freshToken, makeRecoveryWorld, needs, openWorld, pin, placeOf, rawSession } from './world.ts'
import { type RecoveryWorld, tenant, untilHealed } from './world.ts'

const secret = new Secret(new Uint8Array(32).fill(0x5a))
const elsewhere = { ...binding, row: 'row-2' }
const label = 'strongroom/vault/recover/v1'
const recoverNeed = { job: 'recover', use: '' } as const

const tryTo = (call: () => unknown): 'refused' | 'done' => {
  try {
    call()
    return 'done'
  } catch (error) {
    if (error instanceof DeviceError) return 'refused'
    throw error
  }
}

describe.each(testedModules)('the recovery token on $name', (module) => {
  let here: RecoveryWorld
  let there: RecoveryWorld
  beforeAll(async () => {
    here = await makeRecoveryWorld(module)
    there = await makeRecoveryWorld(module)
  })
  afterAll(async () => {
    await here.token.remove()
    await there.token.remove()
  })
  const copy = (value = secret, at = binding): Uint8Array =>
    sealForRecovery(here.publicKey, value, { ...tenant, binding: at })

  test('neither token holds, or takes, the keys of the other', async () => {
    const first = await openWorld(module)
    const mixed = [...first.keys, ...here.keys]
    const refused = { reason: 'token-shared' }
    await expect(openKeystore({ ...first.token, ...tenant, ...placeOf(module), keys: mixed })).rejects.toMatchObject(
      refused,
    )
    await expect(here.open({ keys: mixed })).rejects.toMatchObject(refused)
    const both = provisionKeys({ ...first.token, ...tenant, needs: [...needs, recoverNeed], existing: [] })
    await expect(both).rejects.toMatchObject(refused)
    const later = provisionKeys({ ...here.token, ...tenant, needs, existing: here.keys })
    await expect(later).rejects.toMatchObject(refused)
    // With the login of one token and the records of the other:
    const crossed = openRecoveryKeystore({ ...first.token, ...tenant, ...placeOf(module), keys: here.keys })
    await expect(crossed).rejects.toMatchObject({ reason: 'key-missing' })
    const back = openKeystore({ ...here.token, ...tenant, ...placeOf(module), keys: first.keys })
    await expect(back).rejects.toMatchObject({ reason: 'key-missing' })
    const recoveryKeys = { class: CKO.privateKey, keyType: CKK.rsa }
    expect(rawSession(first.token).findObjects(recoveryKeys)).toHaveLength(0)
    expect(rawSession(here.token).findObjects({ class: CKO.secretKey, token: true })).toHaveLength(0)
  })

  test('the recovery key does one thing: no raw RSA, no older padding, no unwrapping, no signing, no copy outside', () => {
    const { token } = here
    const session = () => rawSession(token)
    const key = recoveryKeyOf(session())
    const rsa = { raw: 0x3, pkcs1: 0x1 }
    for (const mechanism of [rsa.raw, rsa.pkcs1]) {
      const attempt = () => session().decrypt({ mechanism }, key, new Uint8Array(384).fill(1))
      // NSS ignores the list, as it does for every key.
      expect(tryTo(attempt), `mechanism ${mechanism}`).toBe(module.mechanismLists === 'honoured' ? 'refused' : 'done')
      expect(() => session().sign(mechanism, key, new Uint8Array(32))).toThrow(DeviceError)
      const unwrapping = { mechanism, key }
      expect(() => session().unwrapKey(unwrapping, new Uint8Array(384), readableKey)).toThrow(DeviceError)
    }
    const wrapper = importAesKey(session(), { value: new Uint8Array(32), uses: ['wrap'] })
    // NSS would wrap it, and stops at the length of our buffer.
    const message = module.extractable === 'enforced' ? /KEY_UNEXTRACTABLE/ : /BUFFER_TOO_SMALL/
    expect(() => session().wrapKey(CKM.aesKeyWrapPad, wrapper, key)).toThrow(message)
    expect(() => session().copyObject(key, { token: false, sensitive: false })).toThrow(DeviceError)
    // CKA_PRIVATE_EXPONENT has no name in our table on purpose: sensitive is what guards it.
    expect(session().readAttribute(key, 'sensitive')).toEqual(Uint8Array.of(1))
    expect(session().readAttribute(key, 'extractable')).toEqual(Uint8Array.of(0))
  })

  const weaknesses: readonly (readonly [string, Attributes, number])[] = [
    ['extractable', { extractable: true }, 3072],
    ['unwrapping', { unwrap: true }, 3072],
    ['signing', { sign: true }, 3072],
    ['2048 bit', {}, 2048],
  ]

  test.each(weaknesses)('a recovery key that is %s is refused by name', async (_weakness, weakness, bits) => {
    const token = await freshToken(module)
    makePair(rawSession(token), { privateKey: weakness, bits })
    const attempt = provisionKeys({ ...token, ...tenant, needs: [recoverNeed], existing: [] })
    await expect(attempt).rejects.toMatchObject({ reason: 'key-unfit' })
    await expect(attempt).rejects.toThrow(label)
  })

  test('another key under the label, and a private half of another public one, refuse to start', async () => {
    const swapped = here.keys.map((key) => ({ ...key, checkValue: there.keys[0]?.checkValue ?? new Uint8Array() }))
    await expect(here.open({ keys: swapped })).rejects.toMatchObject({ reason: 'key-mismatch' })
    const token = await freshToken(module)
    const keys = await provisionKeys({ ...token, ...tenant, needs: [recoverNeed], existing: [] })
    const session = rawSession(token)
    session.destroyObject(recoveryKeyOf(session))
    const { publicKey } = makePair(session, { privateKey: {}, bits: 3072 })
    session.destroyObject(publicKey)
    const attempt = openRecoveryKeystore({ ...token, ...tenant, ...placeOf(module), keys })
    await expect(attempt).rejects.toMatchObject({ reason: 'key-mismatch' })
  })

  test('a device that is away opens nothing and says so, and it heals by itself', async () => {
    const keystore = await here.open({ probeIntervalMs: 20 })
    const envelope = copy()
    const device = injectFaults(here.token.module)
    device.fail(['C_Decrypt', 'C_OpenSession', 'C_Initialize'], { name: 'CKR_GENERAL_ERROR', code: 5 })
    await expect(keystore.open(envelope, binding)).rejects.toThrow(HsmUnavailable)
    await expect(keystore.check()).rejects.toThrow(HsmUnavailable)
    expect(() => keystore.assertAvailable()).toThrow(HsmUnavailable)
    device.mend()
    await untilHealed(keystore)
    expect((await keystore.open(envelope, binding)).equals(secret)).toBe(true)
    device.release()
  })

  test('the canary is a decryption, not a look: a key that stopped working is noticed while idle', async () => {
    const recovery = await here.open()
    const device = injectFaults(here.token.module)
    const decryptions = device.calls('C_Decrypt')
    await recovery.check()
    expect(device.calls('C_Decrypt')).toBe(decryptions + 1)
    device.fail(['C_Decrypt'], { name: 'CKR_FUNCTION_FAILED', code: 6 })
    await expect(recovery.check()).rejects.toThrow(HsmUnavailable)
    device.mend()
    await untilHealed(recovery)
    device.release()
  })

  test('the token is taken away and brought back', async () => {
    const recovery = await here.open()
    const keystore = await here.open({ probeIntervalMs: 20 })
    const envelope = copy()
    await here.token.take()
    const outcome = () =>
      keystore.check().then(
        () => 'unnoticed',
        (error: Error) => error.name,
      )
    expect(await outcome()).toBe(module.removal === 'noticed' ? 'HsmUnavailable' : 'unnoticed')
    await here.token.bringBack()
    await untilHealed(keystore)
    await untilHealed(recovery)
    expect((await keystore.open(envelope, binding)).equals(secret)).toBe(true)
    await expect(keystore.open(envelope, elsewhere)).rejects.toThrow(Unopenable)
  })

  test('a wrong PIN is tried once', async () => {
    const token: SoftToken = { ...(await freshToken(module)), pinLatch: memoryPinLatch() }
    const attempt = () =>
      openRecoveryKeystore({ ...token, ...tenant, ...placeOf(module), keys: [], pin: pin('not the PIN') })
    await expect(attempt()).rejects.toMatchObject({ reason: 'pin-refused' })
    await expect(attempt()).rejects.toMatchObject({ reason: 'pin-latched' })
  })

  function makePair(session: Session, { privateKey, bits }: { privateKey: Attributes; bits: number }) {
    const place: Attributes = { token: true, label, id: new Uint8Array(16).fill(9) }
    const allowed: Attributes =
      module.mechanismLists === 'honoured' ? { allowedMechanisms: Uint8Array.of(9, 0, 0, 0, 0, 0, 0, 0) } : {}
    const numbers: Attributes = { modulusBits: bits, publicExponent: Uint8Array.of(1, 0, 1) }
    return session.generateKeyPair(CKM.rsaPkcsKeyPairGen, {
      publicKey: { class: CKO.publicKey, keyType: CKK.rsa, private: false, encrypt: true, ...place, ...numbers },
      privateKey: { ...requiredAttributes('recover'), ...place, ...allowed, ...privateKey },
    })
  }
})

function recoveryKeyOf(session: Session) {
  const [key] = session.findObjects({ class: CKO.privateKey, keyType: CKK.rsa, token: true, label })
  if (key === undefined) throw new Error('no recovery key')
  return key
}
