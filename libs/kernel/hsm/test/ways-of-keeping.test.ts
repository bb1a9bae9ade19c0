import { Secret } from '@strongroom/crypto'
import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { connect } from '../src/connect.ts'
import { decodeEnvelope } from '../src/envelope/codec.ts'
import { Unopenable } from '../src/index.ts'
import { companionId, findCompanion, findKey, findPublicKey } from '../src/keys/locate-key.ts'
import { makeCompanion, makeKey } from '../src/keys/make-key.ts'
import { CKO } from '../src/pkcs11/cryptoki.ts'
import { shapeOf } from '../src/strategies/shapes.ts'
import { type TestedModule, testedModules } from './modules.ts'
import { openWays, waysOf } from './ways-world.ts'
import type { SoftToken } from '../src/testing/index.ts'
import { binding, pin, rawSession, tenant } from './world.ts'

const lock = { binding, factor: pin('1234') }
const elsewhere = { ...binding, row: 'row-2' }
const flip = (bytes: Uint8Array, at: number, mask = 1) =>
  Uint8Array.from(bytes, (byte, index) => (index === at ? byte ^ mask : byte))
const secretOf = (length: number) => new Secret(new Uint8Array(length).fill(7))

for (const module of testedModules) {
  const { seals, wraps } = waysOf(module)

  describe.each(seals)(`${module.name}, sealing by %s`, (seal) => {
    test('what was sealed opens, of every length, here and after a restart, and nowhere else', async () => {
      const { keystore, open, keys } = await openWays(module, { seal })
      const again = await open()
      for (const length of [0, 1, 15, 16, 17, 32, 4096, 4097, 20_000]) {
        const sealed = await keystore.seal(secretOf(length), binding)
        expect((await again.open(sealed, binding)).equals(secretOf(length))).toBe(true)
        await expect(again.open(sealed, elsewhere)).rejects.toThrow(Unopenable)
      }
      expect(keys.find(({ job }) => job === 'seal')?.strategy).toBe(seal)
      expect(decodeEnvelope(await keystore.seal(secretOf(1), binding)).recipients[0].strategy).toBe(seal)
    })

    test('no byte of it can be changed, and none can be missing', async () => {
      const { keystore } = await openWays(module, { seal })
      const sealed = await keystore.seal(new Secret('precious'), binding)
      const step = sealed.length > 300 ? 7 : 1
      for (let at = 0; at < sealed.length; at += step)
        await expect(keystore.open(flip(sealed, at, 0x40), binding)).rejects.toThrow(Unopenable)
      const { recipients } = decodeEnvelope(sealed)
      for (const at of [0, 1, recipients[0].sealed.length - 1])
        await expect(keystore.open(flip(sealed, sealed.length - 5 - at), binding)).rejects.toThrow(Unopenable)
      expect((await keystore.open(sealed, binding)).equals(new Secret('precious'))).toBe(true)
    })

    test('locked keys and issued keys stand under it', async () => {
      const { keystore } = await openWays(module, { seal })
      const locked = await keystore.issueLockedKey(lock)
      const key = await keystore.openLockedKey(lock, locked)
      expect(key).toHaveLength(32)
      const next = { binding: { ...binding, version: 2 }, factor: pin('9') }
      const relocked = await keystore.relockKey(lock, locked, next)
      expect(relocked && (await keystore.openLockedKey(next, relocked))?.equals(key ?? secretOf(32))).toBe(true)
      const issued = await keystore.issueKey(binding)
      expect(await keystore.openKey(issued, binding)).toHaveLength(32)
      await expect(keystore.openKey(issued, elsewhere)).rejects.toThrow(Unopenable)
    })
  })

  describe.each(wraps)(`${module.name}, wrapping by %s`, (wrap) => {
    test('an issued key is always the same one, opens in its row, and not with a byte changed', async () => {
      const { keystore, open } = await openWays(module, { wrap })
      const issued = await keystore.issueKey(binding)
      const key = await keystore.openKey(issued, binding)
      expect(key).toHaveLength(32)
      expect((await (await open()).openKey(issued, binding)).equals(key)).toBe(true)
      expect((await keystore.openKey(await keystore.issueKey(binding), binding)).equals(key)).toBe(false)
      await expect(keystore.openKey(issued, elsewhere)).rejects.toThrow(Unopenable)
      const step = issued.length > 300 ? 5 : 1
      for (let at = 0; at < issued.length; at += step)
        await expect(keystore.openKey(flip(issued, at, 0x20), binding)).rejects.toThrow(Unopenable)
    })
  })

  const paired = seals.filter((name) => shapeOf(name).companion !== undefined)
  describe.each(paired)(`${module.name}, the companion of %s`, (seal) => {
    test('has its label and an id that tells whose it is, and does one job', async () => {
      const { token, keys } = await openWays(module, { seal })
      const record = keys.find(({ job }) => job === 'seal')
      if (record === undefined) throw new Error('no key')
      const session = rawSession(token)
      const [key, mac] = [findKey({ session }, record), findCompanion({ session }, record)]
      if (key === undefined || mac === undefined) throw new Error('no companion')
      expect(session.readAttribute(mac, 'id')).toEqual(companionId(session.readAttribute(key, 'id')))
      for (const use of ['encrypt', 'decrypt', 'wrap', 'unwrap', 'derive', 'extractable'] as const)
        expect([use, session.readAttribute(mac, use)[0] ?? 0]).toEqual([use, 0])
      expect(() => session.readAttribute(mac, 'value')).toThrow(/CKR_ATTRIBUTE_SENSITIVE/)
    })
  })
}

describe.each([testedModules[0] as TestedModule, testedModules[1] as TestedModule])('$name', (module) => {
  test('a companion that is gone is missed, and another one is not taken for it', async () => {
    const { token, keys, open } = await openWays(module, { seal: 'hsm-cbc-hmac' })
    const record = keys.find(({ job }) => job === 'seal')
    if (record === undefined) throw new Error('no key')
    const session = rawSession(token)
    const [key, mac] = [findKey({ session }, record), findCompanion({ session }, record)]
    if (key === undefined || mac === undefined) throw new Error('no companion')
    session.destroyObject(mac)
    await expect(open()).rejects.toMatchObject({ reason: 'key-missing' })
    const access = { session, capabilities: {} as never, software: true, mechanismLists: module.mechanismLists }
    makeCompanion(access, record, key)
    await expect(open()).rejects.toMatchObject({ reason: 'key-mismatch' })
  })
})

describe.each([
  ['seal', 'hsm-rsa-oaep-sha1'],
  ['wrap', 'rsa-oaep-wrap-sha1'],
] as const)('a pair that may %s by %s', (job, strategy) => {
  test('and whose public half is of another refuses to start: it would close for somebody else', async () => {
    const { token, keys, open } = await openWays(testedModules[0] as TestedModule, { [job]: strategy })
    const record = keys.find((key) => key.job === job)
    if (record === undefined) throw new Error('no key')
    const session = rawSession(token)
    const [own, published] = [findKey({ session }, record), findPublicKey({ session }, record)]
    if (own === undefined || published === undefined) throw new Error('no pair')
    const { capabilities, mechanismLists } = (await linkTo(token)).access
    makeKey({ session, capabilities, mechanismLists, software: true }, record)
    const privateHalves = session.findObjects({ class: CKO.privateKey, token: true, label: record.label })
    for (const half of privateHalves) if (!half.equals(own)) session.destroyObject(half)
    session.destroyObject(published)
    await expect(open()).rejects.toMatchObject({ reason: 'key-mismatch' })
  })
})

async function linkTo(token: SoftToken) {
  const link = await connect({ ...token, ...tenant }, [])
  onTestFinished(() => link.close())
  return link
}

describe('any value', () => {
  test.each(waysOf(testedModules[0] as never).seals)(
    'sealed by %s opens to itself, and to no other binding',
    async (seal) => {
      const { keystore } = await openWays(testedModules[0] as never, { seal })
      const rows = fc.uniqueArray(fc.string({ maxLength: 20 }), { minLength: 2, maxLength: 2 })
      await fc.assert(
        fc.asyncProperty(fc.uint8Array({ maxLength: 600 }), rows, async (bytes, [row = '', other = '']) => {
          const sealed = await keystore.seal(new Secret(bytes), { ...binding, row })
          expect((await keystore.open(sealed, { ...binding, row })).equals(new Secret(bytes))).toBe(true)
          await expect(keystore.open(sealed, { ...binding, row: other })).rejects.toThrow(Unopenable)
        }),
        { numRuns: seal.includes('rsa') ? 10 : 60 },
      )
    },
  )
})
