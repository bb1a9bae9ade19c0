import { createCipheriv } from 'node:crypto'
import { fromHex, toHex } from '@strongroom/crypto'
import { describe, expect, test, vi } from 'vitest'
import gcm from '../../../../test/vectors/gcm-spec.json' with { type: 'json' }
import rfc3394 from '../../../../test/vectors/rfc3394.json' with { type: 'json' }
import rfc4231 from '../../../../test/vectors/rfc4231-hmac.json' with { type: 'json' }
import rfc5649 from '../../../../test/vectors/rfc5649.json' with { type: 'json' }
import { gcmVector, macVectors, paddedWrapVector, wrapVector } from '../src/conformance/published-vectors.ts'
import { CKM } from '../src/pkcs11/cryptoki.ts'
import { Unopenable } from '../src/errors.ts'
import { DeviceError } from '../src/pkcs11/device-error.ts'
import type { Session } from '../src/pkcs11/session.ts'
import { noProfile } from '../src/profiles/index.ts'
import { Bench } from '../src/strategies/bench.ts'
import { hsmGcm } from '../src/strategies/hsm-gcm.ts'
import { keyWrapRfc3394, keyWrapRfc5649 } from '../src/strategies/key-wrap.ts'
import type { Candidate } from '../src/strategies/strategy.ts'
import { inlineModules } from './modules.ts'
import { freshToken, rawSession } from './world.ts'

test('the vectors that tokens are judged by are those that were published', () => {
  expect(gcm).toMatchObject(gcmVector)
  expect(rfc3394).toMatchObject(wrapVector)
  expect(rfc5649).toMatchObject(paddedWrapVector)
  for (const { key, data, mac } of macVectors) {
    expect(rfc4231.cases).toContainEqual(expect.objectContaining({ key, data, hmacSha512: mac }))
  }
  expect(wrapPadded(rfc5649.kek, rfc5649.key)).toBe(rfc5649.wrapped)
})

describe.each(inlineModules)('strategies on $name', (module) => {
  const open = async () => {
    const token = await freshToken(module)
    return { session: rawSession(token), apart: () => rawSession(token) }
  }

  test('every strategy proves itself here, and RFC 5649 never by the number that means something else', async () => {
    const where = await open()
    expect(proved(where, hsmGcm)?.name).toBe('hsm-gcm')
    expect(proved(where, keyWrapRfc3394)?.mechanisms).toEqual([CKM.aesKeyWrap])
    expect(proved(where, keyWrapRfc5649)?.mechanisms).toEqual([module.paddedWrap])
  })

  test('the number 0x210A is believed only where its bytes are those of RFC 5649', async () => {
    const where = await open()
    const { session } = where
    const wrapKey = session.wrapKey.bind(session)
    vi.spyOn(session, 'wrapKey').mockImplementation((mechanism, wrapper, key) => {
      if (mechanism === CKM.aesKeyWrapKwp) throw new DeviceError('CKR_MECHANISM_INVALID', 0x70, 'C_WrapKey')
      return wrapKey(mechanism, wrapper, key)
    })
    const believed = module.paddedWrap === CKM.aesKeyWrapPad ? [CKM.aesKeyWrapPad] : undefined
    expect(proved(where, keyWrapRfc5649)?.mechanisms).toEqual(believed)
  })
})

interface Where {
  readonly session: Session
  readonly apart: () => Session
}

const proved = <S>({ session, apart }: Where, candidate: Candidate<S>): S | undefined =>
  candidate.variants(noProfile).find((variant) => {
    try {
      const sessions = [session]
      return candidate.proves(new Bench(() => sessions.pop() ?? apart()), variant)
    } catch (error) {
      if (error instanceof DeviceError || error instanceof Unopenable) return false
      throw error
    }
  })

function wrapPadded(kek: string, key: string): string {
  const cipher = createCipheriv('id-aes192-wrap-pad', fromHex(kek), fromHex('a65959a6'))
  return toHex(Buffer.concat([cipher.update(fromHex(key)), cipher.final()]))
}
