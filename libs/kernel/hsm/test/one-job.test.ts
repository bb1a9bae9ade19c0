import { describe, expect, test } from 'vitest'
import { HsmRefusal, type KeyJob } from '../src/index.ts'
import { requiredAttributes } from '../src/keys/job-templates.ts'
import { importAesKey, readableKey } from '../src/keys/session-keys.ts'
import { CKK, CKM, CKO } from '../src/pkcs11/cryptoki.ts'
import { DeviceError } from '../src/pkcs11/device-error.ts'
import type { Session } from '../src/pkcs11/session.ts'
import type { Attributes } from '../src/pkcs11/template.ts'
import { provisionKeys } from '../src/index.ts'
import { testedModules } from './modules.ts'
import { freshToken, openWorld, provisionedToken, rawSession, tenant } from './world.ts'

const block = new Uint8Array(16)
const ecb = { mechanism: CKM.aesEcb }
const cbc = { mechanism: 0x1082, parameter: Buffer.alloc(16) }

const keyOf = (session: Session, job: KeyJob, label: string) => {
  const [key] = session.findObjects({ class: requiredAttributes(job).class as number, token: true, label })
  if (key === undefined) throw new Error(`no ${job} key`)
  return key
}

const tryTo = (call: () => unknown): 'refused' | 'done' => {
  try {
    call()
    return 'done'
  } catch (error) {
    if (error instanceof DeviceError) return 'refused'
    throw error
  }
}

describe.each(testedModules)('one job per key on $name', (module) => {
  test('the wrap key encrypts and decrypts nothing, in any mode', async () => {
    const { token } = await provisionedToken(module)
    for (const mechanism of [ecb, cbc]) {
      for (const turn of ['encrypt', 'decrypt'] as const) {
        const session = rawSession(token)
        const wrap = keyOf(session, 'wrap', 'strongroom/vault/wrap/v1')
        expect(() => session[turn](mechanism, wrap, block), `${turn} ${mechanism.mechanism}`).toThrow(DeviceError)
      }
    }
  })

  test('the seal key wraps and unwraps nothing, and knows no mode but GCM where the token binds it', async () => {
    const { token } = await provisionedToken(module)
    const session = rawSession(token)
    const seal = keyOf(session, 'seal', 'strongroom/vault/seal/v1')
    const victim = importAesKey(session, { value: new Uint8Array(32), uses: ['encrypt'], extractable: 'extractable' })
    expect(() => session.wrapKey(CKM.aesKeyWrap, seal, victim)).toThrow(DeviceError)
    const unwrapping = { mechanism: CKM.aesKeyWrap, key: seal }
    expect(() => session.unwrapKey(unwrapping, new Uint8Array(40), readableKey)).toThrow(DeviceError)
    for (const mechanism of [ecb, cbc]) {
      const attempt = () => rawSession(token).encrypt(mechanism, seal, block)
      expect(tryTo(attempt)).toBe(module.mechanismLists === 'honoured' ? 'refused' : 'done')
    }
  })

  test('a wrapped key does not unwrap as another class, and a MAC key neither encrypts nor wraps', async () => {
    const { token } = await provisionedToken(module)
    const session = rawSession(token)
    const mac = keyOf(session, 'mac', 'strongroom/vault/mac/lock/v1')
    expect(() => session.encrypt(ecb, mac, block)).toThrow(DeviceError)
    const wrap = keyOf(session, 'wrap', 'strongroom/vault/wrap/v1')
    const victim = importAesKey(session, { value: new Uint8Array(32), uses: ['encrypt'], extractable: 'extractable' })
    const wrapped = session.wrapKey(CKM.aesKeyWrap, wrap, victim)
    const asPrivateKey: Attributes = { class: CKO.privateKey, keyType: CKK.ec, token: false, private: true, sign: true }
    expect(() => session.unwrapKey({ mechanism: CKM.aesKeyWrap, key: wrap }, wrapped, asPrivateKey)).toThrow(
      DeviceError,
    )
  })

  test('no key gives its value away or stops being sensitive, nor is it wrapped where the token enforces that', async () => {
    const { token, keys } = await provisionedToken(module)
    for (const { job, label } of keys) {
      const session = rawSession(token)
      const key = keyOf(session, job, label)
      expect(() => session.readAttribute(key, 'value')).toThrow(DeviceError)
      expect(() => session.copyObject(key, { token: false, sensitive: false })).toThrow(DeviceError)
      const wrap = keyOf(session, 'wrap', 'strongroom/vault/wrap/v1')
      // The P-256 key of NSS has another length than RFC 3394 takes, and is refused for that.
      const wrapped = tryTo(() => session.wrapKey(CKM.aesKeyWrap, wrap, key))
      expect(wrapped).toBe(module.extractable === 'enforced' || job === 'sign' ? 'refused' : 'done')
    }
  })

  const weaknesses: readonly (readonly [string, KeyJob, Attributes])[] = [
    ['extractable seal key', 'seal', { extractable: true }],
    ['seal key that wraps as well', 'seal', { wrap: true }],
    ['seal key of 128 bits', 'seal', { valueLength: 16 }],
    ['wrap key that encrypts as well', 'wrap', { encrypt: true }],
    ['wrap key that decrypts as well', 'wrap', { decrypt: true }],
  ]

  test.each(weaknesses)('an %s is refused by name', async (_weakness, job, weakness) => {
    const token = await freshToken(module)
    const label = `strongroom/vault/${job}/v1`
    const session = rawSession(token)
    session.generateKey(CKM.aesKeyGen, { ...requiredAttributes(job), token: true, label, id: block, ...weakness })
    const attempt = provisionKeys({ ...token, ...tenant, needs: [{ job, use: '' }], existing: [] })
    await expect(attempt).rejects.toThrow(HsmRefusal)
    await expect(attempt).rejects.toThrow(label)
  })

  test('a weak key is refused at start as well as when it is adopted', async () => {
    const { token, keys, keystore, open } = await openWorld(module)
    await keystore.close()
    const session = rawSession(token)
    const [record] = keys.filter(({ job }) => job === 'wrap')
    if (record === undefined) throw new Error('no wrap key')
    session.destroyObject(keyOf(session, 'wrap', record.label))
    session.generateKey(CKM.aesKeyGen, {
      ...requiredAttributes('wrap'),
      token: true,
      label: record.label,
      decrypt: true,
    })
    await expect(open()).rejects.toMatchObject({ reason: 'key-unfit' })
  })
})
