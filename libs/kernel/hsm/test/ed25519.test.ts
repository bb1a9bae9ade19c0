import { fromHex, toHex, toUtf8 } from '@strongroom/crypto'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import rfc8032 from '../../../../test/vectors/rfc8032-71-ed25519.json' with { type: 'json' }
import { HsmRefusal, HsmUnavailable, type KeyNeed, openKeystore, provisionKeys } from '../src/index.ts'
import { CKK, CKM, CKO } from '../src/pkcs11/cryptoki.ts'
import { Session } from '../src/pkcs11/session.ts'
import { inlineModules, type TestedModule, testedModules } from './modules.ts'
import { freshToken, placeOf, rawSession, tenant } from './world.ts'

const need: KeyNeed = { job: 'sign-ed25519', use: 'ledger' }
const others: readonly KeyNeed[] = [
  { job: 'mac', use: 'code' },
  { job: 'sign', use: 'audit' },
]
/** NSS 3.87 knows the curve for exchanges alone. */
const knows = ({ model }: TestedModule): boolean => model === 'SoftHSM v2'
const able = inlineModules.filter(knows)
const unable = testedModules.filter((module) => !knows(module))

describe.each(able)('Ed25519 on $name', (module) => {
  test('a signature that a token got wrong does not leave', async () => {
    const token = await freshToken(module)
    const keys = await provisionKeys({ ...token, ...tenant, needs: [need], existing: [] })
    const keystore = await openKeystore({ ...token, ...tenant, ...placeOf(module), keys })
    onTestFinished(() => keystore.close())
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
