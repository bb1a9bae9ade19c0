import { createCipheriv } from 'node:crypto'
import { fromHex, toHex } from '@strongroom/crypto'
import { describe, expect, test, vi } from 'vitest'
import gcm from '../../../../test/vectors/gcm-spec.json' with { type: 'json' }
import rfc3394 from '../../../../test/vectors/rfc3394.json' with { type: 'json' }
import rfc4231 from '../../../../test/vectors/rfc4231-hmac.json' with { type: 'json' }
import rfc5649 from '../../../../test/vectors/rfc5649.json' with { type: 'json' }
import { importAesKey } from '../src/keys/session-keys.ts'
import { CKK, CKM, CKO, GCM_PARAMETERS_V240 } from '../src/pkcs11/cryptoki.ts'
import { DeviceError } from '../src/pkcs11/device-error.ts'
import type { Session } from '../src/pkcs11/session.ts'
import { viewAsBuffer } from '../src/pkcs11/template.ts'
import { hsmGcm } from '../src/strategies/hsm-gcm.ts'
import { keyWrapRfc3394, keyWrapRfc5649 } from '../src/strategies/key-wrap.ts'
import type { Candidate } from '../src/strategies/strategy.ts'
import { testedModules } from './modules.ts'
import { freshToken, rawSession } from './world.ts'

describe.each(testedModules)('published vectors inside $name', (module) => {
  const open = async () => rawSession(await freshToken(module))

  test('RFC 3394 wraps and unwraps to the byte', async () => {
    const session = await open()
    const kek = importAesKey(session, { value: fromHex(rfc3394.kek), uses: ['wrap', 'unwrap'] })
    const key = importAesKey(session, { value: fromHex(rfc3394.key), uses: ['encrypt'], extractable: 'extractable' })
    expect(toHex(session.wrapKey(CKM.aesKeyWrap, kek, key))).toBe(rfc3394.wrapped)
  })

  test('RFC 5649 wraps to the byte, under the number that this module gives it', async () => {
    const session = await open()
    const kek = importAesKey(session, { value: fromHex(rfc5649.kek), uses: ['wrap', 'unwrap'] })
    const key = session.createObject({
      class: CKO.secretKey,
      keyType: CKK.genericSecret,
      token: false,
      private: true,
      sensitive: true,
      extractable: true,
      value: fromHex(rfc5649.key),
    })
    const expected =
      module.oddLengths === 'kept' ? rfc5649.wrapped : wrapPadded(rfc5649.kek, rfc5649.key.padEnd(48, '0'))
    expect(toHex(session.wrapKey(module.paddedWrap, kek, key))).toBe(expected)
    expect(wrapPadded(rfc5649.kek, rfc5649.key)).toBe(rfc5649.wrapped)
  })

  test.each(rfc4231.cases)('RFC 4231 $name', async ({ key, data, hmacSha512 }) => {
    const session = await open()
    // RFC 2104 pads a short key with zeros: the same key, long enough for a token's minimum.
    const value = fromHex(key.padEnd(128, '0'))
    const handle = session.createObject({
      class: CKO.secretKey,
      keyType: CKK.genericSecret,
      token: false,
      private: true,
      sign: true,
      value,
    })
    expect(toHex(session.sign(CKM.sha512Hmac, handle, fromHex(data))).startsWith(hmacSha512)).toBe(true)
  })

  test('GCM with associated data encrypts and decrypts to the byte', async () => {
    const session = await open()
    const key = importAesKey(session, { value: fromHex(gcm.key), uses: ['encrypt', 'decrypt'] })
    const [iv, aad] = [viewAsBuffer(fromHex(gcm.iv)), viewAsBuffer(fromHex(gcm.associated))]
    const parameter = { type: GCM_PARAMETERS_V240, iv, ivBits: 96, aad, tagBits: 128 }
    const mechanism = { mechanism: CKM.aesGcm, parameter }
    expect(toHex(session.encrypt(mechanism, key, fromHex(gcm.plaintext)))).toBe(gcm.ciphertext + gcm.tag)
    expect(toHex(session.decrypt(mechanism, key, fromHex(gcm.ciphertext + gcm.tag)))).toBe(gcm.plaintext)
  })

  test('every strategy proves itself here, and RFC 5649 never by the number that means something else', async () => {
    const session = await open()
    expect(proved(session, hsmGcm)?.name).toBe('hsm-gcm')
    expect(proved(session, keyWrapRfc3394)?.mechanisms).toEqual([CKM.aesKeyWrap])
    expect(proved(session, keyWrapRfc5649)?.mechanisms).toEqual([module.paddedWrap])
  })

  test('the number 0x210A is believed only where its bytes are those of RFC 5649', async () => {
    const session = await open()
    const wrapKey = session.wrapKey.bind(session)
    vi.spyOn(session, 'wrapKey').mockImplementation((mechanism, wrapper, key) => {
      if (mechanism === CKM.aesKeyWrapKwp) throw new DeviceError('CKR_MECHANISM_INVALID', 0x70, 'C_WrapKey')
      return wrapKey(mechanism, wrapper, key)
    })
    const believed = module.paddedWrap === CKM.aesKeyWrapPad ? [CKM.aesKeyWrapPad] : undefined
    expect(proved(session, keyWrapRfc5649)?.mechanisms).toEqual(believed)
  })
})

const proved = <S>(session: Session, candidate: Candidate<S>): S | undefined =>
  candidate.variants.find((variant) => {
    try {
      return candidate.proves(session, variant)
    } catch (error) {
      if (error instanceof DeviceError) return false
      throw error
    }
  })

/** What the tokens are compared with; the published vector holds for it as well. */
function wrapPadded(kek: string, key: string): string {
  const cipher = createCipheriv('id-aes192-wrap-pad', fromHex(kek), fromHex('a65959a6'))
  return toHex(Buffer.concat([cipher.update(fromHex(key)), cipher.final()]))
}
