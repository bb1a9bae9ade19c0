import { Secret } from '@strongroom/crypto'
import { describe, expect, onTestFinished, test } from 'vitest'
import { decodeEnvelope } from '../src/envelope/codec.ts'
import { type KeyRecord, openKeystore, provisionKeys, Unopenable, Unsupported } from '../src/index.ts'
import { openPayload } from '../src/operations/payload.ts'
import { decodeWrappedKey, encodeWrappedKey } from '../src/operations/wrapped-key.ts'
import { connect } from '../src/connect.ts'
import { CKM } from '../src/pkcs11/cryptoki.ts'
import { proveCapabilities } from '../src/strategies/capabilities.ts'
import type { SoftToken } from '../src/testing/index.ts'
import { binding, pin, rawSession, tenant } from './world.ts'
import { lockNeed, makeKeyFor, moodyToken, nss, openWays, sealNeed, softHsm, waysOf, wrapNeed } from './ways-world.ts'

const kept = new Secret('kept')
const lock = { binding, factor: pin('1234') }

async function openOn(token: SoftToken, keys: readonly KeyRecord[]) {
  const keystore = await openKeystore({ ...token, ...tenant, keys, probeIntervalMs: 60_000 })
  onTestFinished(() => keystore.close())
  return keystore
}

describe('a token without GCM', () => {
  test.each([softHsm, nss])(
    'on $name seals by CBC with a MAC, and what it sealed stays open when it learns GCM',
    async (module) => {
      const { token, device } = await moodyToken(module)
      device.rename(0x1087, 0x80001087)
      const keys = await provisionKeys({ ...token, ...tenant, needs: [sealNeed, wrapNeed, lockNeed], existing: [] })
      expect(keys.map(({ strategy }) => strategy)).toEqual(['hsm-cbc-hmac', 'A256KW-RFC3394', 'hmac-sha512'])
      const before = await openOn(token, keys)
      const [sealed, issued, locked] = [
        await before.seal(kept, binding),
        await before.issueKey(binding),
        await before.issueLockedKey(lock),
      ]
      const [key, lockedKey] = [await before.openKey(issued, binding), await before.openLockedKey(lock, locked)]
      await before.close()
      device.mend()
      const same = await openOn(token, keys)
      expect(decodeEnvelope(await same.seal(kept, binding)).recipients[0].strategy).toBe('hsm-cbc-hmac')
      await same.close()
      const newer = await makeKeyFor({ ...token, ...tenant }, { job: 'seal', strategy: 'hsm-gcm', version: 2 })
      const after = await openOn(token, [...keys, newer])
      expect(decodeEnvelope(await after.seal(kept, binding)).recipients[0].strategy).toBe('hsm-gcm')
      expect((await after.open(sealed, binding)).equals(kept)).toBe(true)
      expect((await after.openKey(issued, binding)).equals(key)).toBe(true)
      expect((await after.openLockedKey(lock, locked))?.equals(lockedKey ?? kept)).toBe(true)
    },
  )

  test('and without CBC seals by OAEP with a MAC', async () => {
    const { token, device } = await moodyToken()
    device.fail(['C_EncryptInit'], { name: 'CKR_MECHANISM_INVALID', code: 0x70 })
    const keys = await provisionKeys({ ...token, ...tenant, needs: [sealNeed, lockNeed], existing: [] })
    expect(keys[0]?.strategy).toBe('hsm-rsa-oaep-sha1')
    const keystore = await openOn(token, keys)
    expect((await keystore.open(await keystore.seal(kept, binding), binding)).equals(kept)).toBe(true)
  })

  test('that seals by nothing at all says so, and is not taken for one that is away', async () => {
    const { token, device } = await moodyToken()
    device.fail(['C_EncryptInit', 'C_DecryptInit', 'C_WrapKey'], { name: 'CKR_MECHANISM_INVALID', code: 0x70 })
    const provisioning = provisionKeys({ ...token, ...tenant, needs: [sealNeed], existing: [] })
    await expect(provisioning).rejects.toThrow(Unsupported)
    await expect(provisionKeys({ ...token, ...tenant, needs: [wrapNeed], existing: [] })).rejects.toThrow(Unsupported)
  })
})

describe('a token that wraps nothing', () => {
  test('issues keys of its randomness, sealed; locks in this process, and opens both when it learns to wrap', async () => {
    const { token, device } = await moodyToken()
    const cannot = () => device.fail(['C_WrapKey'], { name: 'CKR_FUNCTION_NOT_SUPPORTED', code: 0x54 })
    cannot()
    const keys = await provisionKeys({ ...token, ...tenant, needs: [sealNeed, wrapNeed, lockNeed], existing: [] })
    expect(keys.map(({ strategy }) => strategy)).toEqual(['hsm-gcm', 'sealed-random', 'hmac-sha512'])
    const before = await openOn(token, keys)
    const issued = await before.issueKey(binding)
    const [key, another] = [
      await before.openKey(issued, binding),
      await before.openKey(await before.issueKey(binding), binding),
    ]
    expect([key.length, key.equals(another)]).toEqual([32, false])
    await expect(before.openKey(issued, { ...binding, owner: 'eve' })).rejects.toThrow(Unopenable)
    await expect(before.open(issued, binding)).rejects.toThrow(Unopenable)
    const locked = await before.issueLockedKey(lock)
    const lockedKey = await before.openLockedKey(lock, locked)
    expect(lockedKey).toHaveLength(32)
    expect(await before.openLockedKey({ ...lock, factor: pin('4321') }, locked)).toBeUndefined()
    const next = { binding: { ...binding, version: 2 }, factor: pin('9') }
    const relocked = await before.relockKey(lock, locked, next)
    const prepared = await before.prepareLock(next)
    const recovered = await before.lockRecoveredKey(key, next.binding, prepared)
    device.mend()
    const after = await openOn(token, keys)
    expect((await after.openKey(issued, binding)).equals(key)).toBe(true)
    expect((await after.openLockedKey(lock, locked))?.equals(lockedKey ?? kept)).toBe(true)
    expect(relocked && (await after.openLockedKey(next, relocked))?.equals(lockedKey ?? kept)).toBe(true)
    expect((await after.openLockedKey(next, recovered))?.equals(key)).toBe(true)
    const inToken = await after.issueLockedKey(lock)
    const inTokenKey = await after.openLockedKey(lock, inToken)
    cannot()
    const without = await openOn(token, keys)
    expect((await without.openLockedKey(lock, inToken))?.equals(inTokenKey ?? kept)).toBe(true)
  })

  test('under a factor stores the same format as one that does: what stands in the envelope is RFC 3394', async () => {
    const { token, device } = await moodyToken()
    const keys = await provisionKeys({ ...token, ...tenant, needs: [sealNeed, lockNeed], existing: [] })
    const formats: string[] = []
    for (const wraps of [true, false]) {
      if (!wraps) device.fail(['C_WrapKey'], { name: 'CKR_FUNCTION_NOT_SUPPORTED', code: 0x54 })
      const keystore = await openOn(token, keys)
      const { envelope } = await keystore.issueLockedKey(lock)
      await keystore.close()
      const link = await connect({ ...token, ...tenant }, keys)
      const { recipients } = decodeEnvelope(envelope)
      const payload = openPayload(link.context, { tenant, binding, kind: 'locked-key' }, recipients)
      const { strategy, wrapped } = decodeWrappedKey(payload)
      formats.push(`${strategy} ${wrapped.length}`)
      link.close()
    }
    expect(formats).toEqual(['A256KW-RFC3394 40', 'A256KW-RFC3394 40'])
  })
})

test('a number that means another format here is not believed, although it wraps and unwraps', async () => {
  const { token, device } = await moodyToken(nss)
  device.rename(CKM.aesKeyWrapKwp, 0x8000210b)
  const capabilities = proveCapabilities(() => rawSession(token))
  expect(capabilities.wrap().mechanisms).toEqual([CKM.aesKeyWrap])
  expect(() => capabilities.wrap('A256KWP-RFC5649')).toThrow(Unsupported)
})

describe('what an earlier release wrapped', () => {
  test.each([softHsm, nss])('opens by its name on $name, whatever is preferred now', async (module) => {
    const { connection, keys, open } = await openWays(module, {})
    const all: KeyRecord[] = [...keys]
    const issued: (readonly [Uint8Array, Secret])[] = []
    let version = 1
    for (const strategy of waysOf(module).wraps) {
      version++
      all.push(await makeKeyFor(connection, { job: 'wrap', strategy, version }))
      const keystore = await open({ keys: all })
      const envelope = await keystore.issueKey(binding)
      issued.push([envelope, await keystore.openKey(envelope, binding)])
      await keystore.close()
    }
    const last = await open({ keys: all })
    for (const [envelope, key] of issued) expect((await last.openKey(envelope, binding)).equals(key)).toBe(true)
    const first = await open({ keys })
    const foreign = issued.filter(([, key]) => key.length === 32).map(([envelope]) => first.openKey(envelope, binding))
    const opened = (await Promise.allSettled(foreign)).filter(({ status }) => status === 'fulfilled')
    // What was drawn and sealed needs the seal key alone.
    expect(opened).toHaveLength(1)
  })
})

test('a wrapped key has one encoding, however long it is', () => {
  for (const length of [1, 40, 254, 255, 256, 384, 512, 2048]) {
    const key = { strategy: 'rsa-oaep-wrap', wrapperId: new Uint8Array(16), wrapped: new Uint8Array(length).fill(5) }
    expect(decodeWrappedKey(new Uint8Array(encodeWrappedKey(key)))).toEqual(key)
  }
  const short = { strategy: 'x', wrapperId: new Uint8Array(), wrapped: new Uint8Array(40) }
  const bytes = encodeWrappedKey(short)
  const stretched = Uint8Array.of(...bytes.subarray(0, 3), 0xff, 0, 40, ...new Uint8Array(40))
  expect(() => decodeWrappedKey(stretched)).toThrow(Unopenable)
  const tooLong = Uint8Array.of(...bytes.subarray(0, 3), 0xff, 8, 1, ...new Uint8Array(2049))
  expect(() => decodeWrappedKey(tooLong)).toThrow(Unopenable)
})
