import { readdirSync, readFileSync } from 'node:fs'
import { Secret } from '@strongroom/crypto'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openKeystore, profileNames, provisionKeys, Unsupported } from '../src/index.ts'
import { connect } from '../src/connect.ts'
import { refuseUnfitKey } from '../src/keys/key-attributes.ts'
import { attributesOf, jobTemplates } from '../src/keys/job-templates.ts'
import { findKey } from '../src/keys/locate-key.ts'
import { makeKey } from '../src/keys/make-key.ts'
import { CKM } from '../src/pkcs11/cryptoki.ts'
import { profileOf, vendorProfiles } from '../src/profiles/index.ts'
import { workingSessions } from '../src/profiles/sessions.ts'
import { proveCapabilities } from '../src/strategies/capabilities.ts'
import { binding, needs, rawSession, tenant } from './world.ts'
import { moodyToken, nss, sealNeed } from './ways-world.ts'

const kept = new Secret('kept')
const named = (name: (typeof profileNames)[number]) => profileOf({ manufacturer: '', model: '' }, name)

describe('a profile', () => {
  test('is chosen by what the token says of itself, or by name, and by nothing else', () => {
    const matched = (manufacturer: string, model: string) => profileOf({ manufacturer, model }).name
    expect(matched('SoftHSM project', 'SoftHSM v2')).toBe('none')
    expect(matched('Mozilla Foundation', 'NSS 3')).toBe('none')
    expect(matched('SafeNet', 'Luna K7')).toBe('luna')
    expect(matched('Yubico (www.yubico.com)', 'YubiHSM')).toBe('yubihsm')
    expect(matched('nCipher Corp. Ltd', '')).toBe('nshield')
    expect(profileOf({ manufacturer: 'SafeNet', model: 'Luna K7' }, 'none').name).toBe('none')
    expect(() => named('lunar' as never)).toThrow(/there is no profile "lunar": choose one of none, /)
    expect(vendorProfiles.map(({ name }) => name).toSorted()).toEqual(
      profileNames.filter((name) => name !== 'none').toSorted(),
    )
  })

  test('is data, with a page of its own in the documents', () => {
    const pages = readdirSync(new URL('../../../../docs/hsm', import.meta.url))
    for (const profile of vendorProfiles) {
      expect(pages).toContain(`${profile.name}.md`)
      const { matches, ...data } = profile
      expect(matches).toBeInstanceOf(RegExp)
      expect(JSON.parse(JSON.stringify(data))).toEqual(data)
      const page = readFileSync(new URL(`../../../../docs/hsm/${profile.name}.md`, import.meta.url), 'utf8')
      expect(page).toContain('**Read**')
    }
  })

  test.each(vendorProfiles.map(({ name }) => name))(
    '%s proves nothing: a module of the standard stays what it is',
    async (name) => {
      const { token } = await moodyToken()
      const capabilities = proveCapabilities(() => rawSession(token), named(name))
      expect([capabilities.seal().name, capabilities.seal().mechanisms]).toEqual(['hsm-gcm', [CKM.aesGcm]])
      expect(capabilities.wrap().mechanisms).toEqual([CKM.aesKeyWrap])
      const keys = await provisionKeys({ ...token, ...tenant, needs, existing: [] })
      const keystore = await openKeystore({ ...token, ...tenant, keys, profile: name })
      onTestFinished(() => keystore.close())
      expect((await keystore.open(await keystore.seal(kept, binding), binding)).equals(kept)).toBe(true)
    },
  )

  test('that leaves attributes out makes no key which the module then gives more uses than one', async () => {
    const { token } = await moodyToken()
    const record = { ...sealNeed, version: 1, label: 'aside', strategy: 'hsm-gcm' }
    const link = await connect({ ...token, ...tenant }, [])
    const access = { ...link.access, profile: { name: 'none', inexpressible: ['wrap'] } } as const
    makeKey(access, record)
    const handle = findKey(access, record) ?? Buffer.alloc(0)
    expect(() => refuseUnfitKey(access, { record, handle })).toThrow(/another wrap/)
    link.close()
  })

  test('says under which other numbers the same formats are known, and nobody else believes those', async () => {
    for (const [name, standard, renamed, format] of [
      ['cloudhsm', 0x2109, 0x80002109, 'A256KW-RFC3394'],
      ['cloudhsm', 0x210a, 0x8000216f, 'A256KWP-RFC5649'],
      ['luna', 0x2109, 0x80000170, 'A256KW-RFC3394'],
      ['luna', 0x210a, 0x80000171, 'A256KWP-RFC5649'],
    ] as const) {
      const { token, device } = await moodyToken()
      device.rename(standard, renamed)
      expect(proveCapabilities(() => rawSession(token), named(name)).wrap(format).mechanisms).toEqual([renamed])
      expect(() => proveCapabilities(() => rawSession(token)).wrap(format)).toThrow(Unsupported)
    }
  })

  test.each([
    ['cloudhsm', { iv: 'prepended', opens: 'as-made' }, 0x80001087],
    ['cloud-kms', { iv: 'written-over-zeros' }, 0x8001e101],
  ] as const)(
    '%s: GCM of another habit and number seals by a key that is there, in a process as well',
    async (...given) => {
      const [name, habit, renamed] = given
      // SoftHSM would hold the key to a list of mechanisms in which the shim renames nothing.
      const { token, device } = await moodyToken(nss)
      const place = { token: true, label: 'kek', id: Uint8Array.of(1) }
      rawSession(token).generateKey(CKM.aesKeyGen, { ...attributesOf(jobTemplates.seal), ...place })
      device.rename(CKM.aesGcm, renamed)
      device.chooseIvs(habit)
      const connection = { ...token, ...tenant, profile: name }
      const found = [{ ...sealNeed, label: 'kek' }]
      const keys = await provisionKeys({ ...connection, needs: [sealNeed], existing: [], found })
      expect(keys[0]?.strategy).toBe('hsm-gcm')
      for (const executor of ['inline', 'process'] as const) {
        const keystore = await openKeystore({ ...connection, keys, executor, sessions: 3 })
        const sealed = await Promise.all(Array.from({ length: 6 }, () => keystore.seal(kept, binding)))
        for (const one of sealed) expect((await keystore.open(one, binding)).equals(kept)).toBe(true)
        await keystore.close()
      }
    },
  )

  test.each([
    ['luna', { iv: 'appended', bytes: 16 }, 'hsm-gcm-iv16'],
    ['luna', { iv: 'appended' }, 'hsm-gcm'],
    ['protectserver', { iv: 'appended' }, 'hsm-gcm'],
    ['protectserver', { iv: 'written-over-zeros' }, 'hsm-gcm'],
    ['cloudhsm', { iv: 'written-over-zeros' }, 'hsm-gcm'],
  ] as const)('%s: %o is %s', async (name, habit, format) => {
    const { token, device } = await moodyToken()
    device.chooseIvs(habit)
    const keys = await provisionKeys({ ...token, ...tenant, needs: [sealNeed], existing: [], profile: name })
    expect(keys[0]?.strategy).toBe(format)
  })

  test('that asks for read-write sessions gets them, and never more sessions than there are', async () => {
    const { token } = await moodyToken()
    const keys = await provisionKeys({ ...token, ...tenant, needs, existing: [], profile: 'cloudhsm' })
    expect(findKey({ session: rawSession(token) }, keys[0] as never)).toBeDefined()
    expect(workingSessions(named('yubihsm'), 64)).toBe(14)
    expect(workingSessions(named('yubihsm'), 2)).toBe(2)
    expect(workingSessions(named('none'), 64)).toBe(64)
  })
})
