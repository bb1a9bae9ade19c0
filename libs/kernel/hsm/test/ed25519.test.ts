import { verify } from 'node:crypto'
import { fromHex, toHex, toUtf8 } from '@strongroom/crypto'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import rfc8032 from '../../../../test/vectors/rfc8032-71-ed25519.json' with { type: 'json' }
import { HsmRefusal, HsmUnavailable, type KeyNeed, openKeystore, provisionKeys, Unsupported } from '../src/index.ts'
import { toEd25519PublicKey } from '../src/keys/ed25519-key.ts'
import { requiredAttributes } from '../src/keys/job-templates.ts'
import { CKK, CKM, CKO } from '../src/pkcs11/cryptoki.ts'
import { DeviceError } from '../src/pkcs11/device-error.ts'
import { Session } from '../src/pkcs11/session.ts'
import { type TestedModule, testedModules } from './modules.ts'
import { freshToken, placeOf, rawSession, tenant } from './world.ts'

const need: KeyNeed = { job: 'sign-ed25519', use: 'ledger' }
const others: readonly KeyNeed[] = [
  { job: 'mac', use: 'code' },
  { job: 'sign', use: 'audit' },
]
/** NSS 3.87 knows the curve for exchanges alone. */
const knows = ({ model }: TestedModule): boolean => model === 'SoftHSM v2'
const able = testedModules.filter(knows)
const unable = testedModules.filter((module) => !knows(module))

async function openSigner(module: TestedModule) {
  const token = await freshToken(module)
  const keys = await provisionKeys({ ...token, ...tenant, needs: [...others, need], existing: [] })
  const open = async () => {
    const keystore = await openKeystore({ ...token, ...tenant, ...placeOf(module), keys, probeIntervalMs: 20 })
    onTestFinished(() => keystore.close())
    return keystore
  }
  return { token, keys, open, keystore: await open() }
}

describe.each(able)('Ed25519 on $name', (module) => {
  test('a signature verifies under the published key, for its message alone, and is the same after a restart', async () => {
    const { keystore, open } = await openSigner(module)
    const key = await keystore.ed25519PublicKey('ledger')
    expect(key).toHaveLength(32)
    const signature = await keystore.signEd25519('ledger', toUtf8('transaction'))
    expect(signature).toHaveLength(64)
    expect(verify(null, toUtf8('transaction'), toEd25519PublicKey(key), signature)).toBe(true)
    expect(verify(null, toUtf8('another'), toEd25519PublicKey(key), signature)).toBe(false)
    expect(await (await open()).signEd25519('ledger', toUtf8('transaction'))).toEqual(signature)
    expect(await (await openSigner(module)).keystore.ed25519PublicKey('ledger')).not.toEqual(key)
  })

  test('its key signs in no other way, and is not to be had', async () => {
    const { token, keys, keystore } = await openSigner(module)
    const [record] = keys.filter(({ job }) => job === 'sign-ed25519')
    const session = rawSession(token)
    const find = () => session.findObjects({ class: CKO.privateKey, token: true, label: record?.label ?? '' })[0]
    const key = find() ?? Buffer.alloc(0)
    expect(record).toMatchObject({ label: 'strongroom/vault/sign-ed25519/ledger/v1', strategy: 'ed25519' })
    expect(() => session.readAttribute(key, 'value')).toThrow(DeviceError)
    expect(() => session.copyObject(key, { token: false, sensitive: false })).toThrow(DeviceError)
    expect(() => rawSession(token).sign(CKM.ecdsa, key, new Uint8Array(32))).toThrow(DeviceError)
    await expect(keystore.sign('ledger', new Uint8Array())).rejects.toThrow(HsmRefusal)
    await expect(keystore.signEd25519('audit', new Uint8Array())).rejects.toThrow(HsmRefusal)
  })

  test.each([
    ['may be extracted', { extractable: true }],
    ['derives as well', { derive: true }],
  ])('a key that %s is refused by name', async (_, weakness) => {
    const token = await freshToken(module)
    const label = 'strongroom/vault/sign-ed25519/ledger/v1'
    const placed = { token: true, label, id: Buffer.from('weak') }
    const ecParams = fromHex('06032b6570')
    const publicKey = {
      class: CKO.publicKey,
      keyType: CKK.ecEdwards,
      private: false,
      verify: true,
      ecParams,
      ...placed,
    }
    const privateKey = { ...requiredAttributes('sign-ed25519'), ...placed, ...weakness }
    rawSession(token).generateKeyPair(CKM.ecEdwardsKeyPairGen, { publicKey, privateKey })
    const attempt = provisionKeys({ ...token, ...tenant, needs: [need], existing: [] })
    await expect(attempt).rejects.toMatchObject({ reason: 'key-unfit' })
    await expect(attempt).rejects.toThrow(label)
  })

  test('a signature that a token got wrong does not leave', async () => {
    const { keystore } = await openSigner({ ...module, executor: 'inline' })
    const sign = vi.spyOn(Session.prototype, 'sign')
    onTestFinished(() => sign.mockRestore())
    const right = await keystore.signEd25519('ledger', toUtf8('transaction'))
    sign.mockImplementation(() => right)
    await expect(keystore.signEd25519('ledger', toUtf8('another'))).rejects.toThrow(HsmUnavailable)
  })

  test.each(rfc8032.signatures)('RFC 8032 $name', async ({ privateKey, publicKey, message, signature }) => {
    const session = rawSession(await freshToken(module))
    const key = session.createObject({
      class: CKO.privateKey,
      keyType: CKK.ecEdwards,
      token: false,
      private: true,
      sign: true,
      ecParams: fromHex('06032b6570'),
      value: fromHex(privateKey),
    })
    expect(publicKey).toHaveLength(64)
    expect(toHex(session.sign(CKM.eddsa, key, fromHex(message)))).toBe(signature)
  })
})

describe.each(unable)('Ed25519 on $name', (module) => {
  test('is refused as what the token cannot do', async () => {
    const token = await freshToken(module)
    const attempt = provisionKeys({ ...token, ...tenant, needs: [need], existing: [] })
    await expect(attempt).rejects.toThrow(Unsupported)
    await expect(attempt).rejects.toThrow(/Ed25519/)
  })

  test('is gone without where it is not demanded, and no other key is', async () => {
    const token = await freshToken(module)
    const needs: readonly KeyNeed[] = [...others, { ...need, demand: 'where-able' }]
    const keys = await provisionKeys({ ...token, ...tenant, needs, existing: [] })
    expect(keys.map(({ job }) => job)).toEqual(['mac', 'sign'])
    const keystore = await openKeystore({ ...token, ...tenant, ...placeOf(module), keys })
    onTestFinished(() => keystore.close())
    await expect(keystore.signEd25519('ledger', new Uint8Array())).rejects.toThrow(HsmRefusal)
  })
})
