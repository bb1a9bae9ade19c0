import { createDecipheriv } from 'node:crypto'
import { Secret } from '@strongroom/crypto'
import { describe, expect, onTestFinished, test } from 'vitest'
import { bindRecipient } from '../src/envelope/associated-data.ts'
import { decodeEnvelope } from '../src/envelope/codec.ts'
import { openKeystore, provisionKeys, Unopenable } from '../src/index.ts'
import { importAesKey } from '../src/keys/session-keys.ts'
import { capabilitiesOf, proveCapabilities } from '../src/strategies/capabilities.ts'
import type { IvHabit, SoftToken } from '../src/testing/index.ts'
import { binding, rawSession, tenant } from './world.ts'
import { moodyToken, nss, sealNeed, softHsm } from './ways-world.ts'

type Habit = readonly [string, string, IvHabit]

const habits: readonly Habit[] = [
  ['written back', 'hsm-gcm', { iv: 'written-back' }],
  ['written over zeros', 'hsm-gcm', { iv: 'written-over-zeros' }],
  ...(['appended', 'prepended'] as const).flatMap((iv) =>
    (['by-parameter', 'as-made'] as const).flatMap((opens): readonly Habit[] => [
      [`${iv}, opened ${opens}`, 'hsm-gcm', { iv, opens }],
      [`${iv} of 16 bytes, opened ${opens}`, 'hsm-gcm-iv16', { iv, opens, bytes: 16 }],
    ]),
  ),
]

const none = { seals: [], wraps: [] }

async function openOn(token: SoftToken, keys: Awaited<ReturnType<typeof provisionKeys>>) {
  const keystore = await openKeystore({ ...token, ...tenant, keys, probeIntervalMs: 60_000 })
  onTestFinished(() => keystore.close())
  return keystore
}

describe.each([softHsm, nss])('a token that chooses IVs, on $name', (module) => {
  test.each(habits)('%s: proves %s, and stores the IV first', async (_, name, habit) => {
    const { token, device } = await moodyToken(module)
    device.chooseIvs(habit)
    const session = rawSession(token)
    const capabilities = proveCapabilities(() => rawSession(token))
    expect(capabilities.seal().name).toBe(name)
    const secret = Buffer.alloc(32, 3)
    const key = importAesKey(session, { value: secret, uses: ['encrypt', 'decrypt'] })
    const message = { plaintext: Buffer.from('kept'), associated: Buffer.from('row') }
    const sealed = capabilities.seal().seal(session, { key }, message)
    const ivBytes = habit.bytes ?? 12
    expect(sealed).toHaveLength(ivBytes + message.plaintext.length + 16)
    const decipher = createDecipheriv('aes-256-gcm', secret, sealed.subarray(0, ivBytes), { authTagLength: 16 })
    decipher.setAAD(message.associated).setAuthTag(sealed.subarray(-16))
    expect(decipher.update(sealed.subarray(ivBytes, -16), undefined, 'utf8') + decipher.final('utf8')).toBe('kept')
    for (let at = 0; at < sealed.length; at++) {
      const altered = Uint8Array.from(sealed, (byte, index) => (index === at ? byte ^ 1 : byte))
      const open = () =>
        capabilities.seal().open(rawSession(token), { key }, { sealed: altered, associated: message.associated })
      expect(open).toThrow(/C_Decrypt: CKR_/)
    }
  })
})

describe('an envelope', () => {
  test('that one habit made opens under every other, as long as the IV is as long', async () => {
    const { token, device } = await moodyToken()
    const keys = await provisionKeys({ ...token, ...tenant, needs: [sealNeed], existing: [] })
    const sealed: Uint8Array[] = []
    const short = habits.filter(([, name]) => name === 'hsm-gcm').map(([, , habit]) => habit)
    for (const habit of [undefined, ...short]) {
      if (habit === undefined) device.mend()
      else device.chooseIvs(habit)
      const keystore = await openOn(token, keys)
      sealed.push(await keystore.seal(new Secret('kept'), binding))
      for (const one of sealed) expect((await keystore.open(one, binding)).equals(new Secret('kept'))).toBe(true)
      await keystore.close()
    }
    expect(sealed).toHaveLength(short.length + 1)
  })

  test('of IVs of 16 bytes has a name of its own, and a key of 12 does not start to seal by it', async () => {
    const { token, device } = await moodyToken()
    const short = await provisionKeys({ ...token, ...tenant, needs: [sealNeed], existing: [] })
    device.chooseIvs({ iv: 'appended', bytes: 16 })
    await expect(openOn(token, short)).rejects.toMatchObject({ name: 'Unsupported', capability: 'hsm-gcm' })
    const long = await provisionKeys({ ...token, ...tenant, app: 'other', needs: [sealNeed], existing: [] })
    expect(long.map(({ strategy }) => strategy)).toEqual(['hsm-gcm-iv16'])
    const keystore = await openKeystore({ ...token, ...tenant, app: 'other', keys: long })
    onTestFinished(() => keystore.close())
    const sealed = await keystore.seal(new Secret('kept'), binding)
    const [recipient] = decodeEnvelope(sealed).recipients
    expect([recipient.strategy, recipient.sealed.length]).toEqual(['hsm-gcm-iv16', 16 + 4 + 16])
    expect((await keystore.open(sealed, binding)).equals(new Secret('kept'))).toBe(true)
    const place = { tenant: { ...tenant, app: 'other' }, binding, kind: 'direct' } as const
    expect(bindRecipient(place, recipient)).not.toEqual(bindRecipient(place, { ...recipient, strategy: 'hsm-gcm' }))
  })

  test('is not made where the habit changes behind our back', async () => {
    const { token, device } = await moodyToken()
    const keys = await provisionKeys({ ...token, ...tenant, needs: [sealNeed], existing: [] })
    const keystore = await openOn(token, keys)
    const before = await keystore.seal(new Secret('kept'), binding)
    device.chooseIvs({ iv: 'appended' })
    await expect(keystore.seal(new Secret('kept'), binding)).rejects.toMatchObject({ name: 'HsmUnavailable' })
    device.mend()
    await expect
      .poll(() =>
        keystore.check().then(
          () => 'healed',
          () => 'away',
        ),
      )
      .toBe('healed')
    expect((await keystore.open(before, binding)).equals(new Secret('kept'))).toBe(true)
    await expect(keystore.open(before, { ...binding, row: 'other' })).rejects.toThrow(Unopenable)
  })
})

describe('a token that imports no key', () => {
  test('is tried on keys that it generates, and wraps nothing', async () => {
    const { token, device } = await moodyToken()
    device.fail(['C_CreateObject'], { name: 'CKR_FUNCTION_NOT_SUPPORTED', code: 0x54 })
    const capabilities = proveCapabilities(() => rawSession(token))
    expect(capabilities.seal().name).toBe('hsm-gcm')
    expect(capabilities.importedWrap()).toBeUndefined()
    expect(() => capabilities.wrap('A256KW-RFC3394')).toThrow('does not support')
  })

  test('and generates none is tried on the key that it was given, which must refuse what is altered', async () => {
    const { token, device } = await moodyToken()
    const session = rawSession(token)
    const key = importAesKey(session, { value: Buffer.alloc(32, 1), uses: ['encrypt', 'decrypt'] })
    device.fail(['C_CreateObject', 'C_GenerateKey', 'C_GenerateKeyPair'], {
      name: 'CKR_FUNCTION_NOT_SUPPORTED',
      code: 0x54,
    })
    const witnessed = () => capabilitiesOf(none, () => rawSession(token))
    expect(() => witnessed().seal()).toThrow('does not support sealing')
    expect(witnessed().seal(undefined, { keys: { key } }).name).toBe('hsm-gcm')
    device.chooseIvs({ iv: 'prepended', opens: 'as-made' })
    expect(witnessed().seal(undefined, { keys: { key } }).name).toBe('hsm-gcm')
    device.rename(0x1087, 0x80001087)
    // CBC without its companion is no way of sealing.
    expect(() => witnessed().seal(undefined, { keys: { key } })).toThrow('does not support sealing')
  })
})
