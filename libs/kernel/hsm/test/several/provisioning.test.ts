import { describe, expect, test } from 'vitest'
import { HsmRefusal, HsmUnavailable, type KeyRecord, openKeystore, provisionKeys } from '../../src/index.ts'
import { makeKey } from '../../src/keys/make-key.ts'
import { proveCapabilities } from '../../src/strategies/capabilities.ts'
import { binding, needs, rawSession } from '../world.ts'
import { freshRing, type RingToken, type TestedRing, testedRings } from './ring-world.ts'

const more = [...needs, { job: 'mac', use: 'invite' } as const]
const [softHsm, , mixed] = testedRings as [TestedRing, TestedRing, TestedRing]

describe.each([softHsm, mixed])('keys of $name', (ring) => {
  test('each has its own to seal and wrap, the same to MAC, and the first alone those that sign', async () => {
    const [a, b] = await freshRing(ring)
    const keys = await provision([a, b], [])
    const uses = (label: string | undefined) =>
      keys.filter(({ token }) => token === label).map(({ job, use }) => `${job} ${use}`.trim())
    expect(uses(undefined).toSorted()).toEqual(['mac code', 'mac lock', 'seal', 'sign audit', 'wrap'])
    expect(uses(b.label).toSorted()).toEqual(['mac code', 'mac lock', 'seal', 'wrap'])
    for (const use of ['code', 'lock']) {
      const values = keys
        .filter((key) => key.use === use)
        .map(({ checkValue }) => Buffer.from(checkValue).toString('hex'))
      expect(values).toHaveLength(2)
      expect(new Set(values).size).toBe(1)
    }
    expect(new Set(keys.filter(({ job }) => job === 'seal').map(({ checkValue }) => String(checkValue))).size).toBe(2)
    expect(await provision([a, b], keys)).toEqual([])
  })

  test('an imported MAC key is as closed as one that was made there', async () => {
    const tokens = await freshRing(ring)
    await provision(tokens, [])
    for (const { soft } of tokens) {
      const session = rawSession(soft)
      const [handle] = session.findObjects({ token: true, label: 'strongroom/vault/mac/lock/v1' })
      if (handle === undefined) throw new Error('no key')
      for (const [name, is] of [
        ['extractable', 0],
        ['sensitive', 1],
        ['private', 1],
        ['sign', 1],
        ['encrypt', 0],
        ['wrap', 0],
      ] as const) {
        expect([name, ...session.readAttribute(handle, name)]).toEqual([name, is])
      }
      expect(() => session.readAttribute(handle, 'value')).toThrow(/CKR_/)
    }
  })

  test('a further use is drawn for both later on', async () => {
    const tokens = await freshRing(ring)
    const keys = await provision(tokens, [])
    const made = await provision(tokens, keys, more)
    expect(made.map(({ use, token }) => [use, token])).toEqual([
      ['invite', undefined],
      ['invite', tokens[1].label],
    ])
    expect(made[0]?.checkValue).toEqual(made[1]?.checkValue)
  })

  test('a crash between the imports is mended by the next run, wherever it came, and one after them adopted', async () => {
    const [c, d] = await freshRing(ring)
    await provision([c, d], [])
    const imports = [c, d].map(({ device }) => device.calls('C_CreateObject'))
    for (const [at, total] of imports.entries()) {
      for (const first of [total - 1, total]) {
        const tokens = await freshRing(ring)
        const { device } = tokens[at] ?? tokens[0]
        device.fail(['C_CreateObject'], { name: 'CKR_DEVICE_REMOVED', code: 0x32, first })
        await expect(provision(tokens, [])).rejects.toThrow(HsmUnavailable)
        device.mend()
        const keys = await provision(tokens, [])
        const hsm = await openKeystore({ tokens: tokens.map(({ options }) => options), keys })
        expect(hsm.lacksRecipients(await hsm.issueKey(binding))).toBe(false)
        await hsm.close()
        const again = await provision(tokens, [])
        expect(macsOf(again)).toEqual(macsOf(keys))
      }
    }
  })
})

const macsOf = (keys: readonly KeyRecord[]) =>
  keys.filter(({ job }) => job === 'mac').map(({ use, token, checkValue }) => [use, token, checkValue])

describe('a second token beside one that served alone', () => {
  test('is refused as long as it lacks the MAC keys of the first, and the message says how it gets them', async () => {
    const [a, b] = await freshRing(softHsm)
    const keys = await provision([a], [])
    const attempt = provision([a, b], keys)
    await expect(attempt).rejects.toMatchObject({ reason: 'key-uncloned' })
    await expect(attempt).rejects.toThrow(/"ring-b" lacks the MAC key .*by the vendor’s means/)
    // Neither does a first token whose keys were made and not recorded.
    await expect(provision([a, b], [])).rejects.toMatchObject({ reason: 'key-uncloned' })
  })

  test('is refused where it holds another MAC key under that label', async () => {
    const [a, b] = await freshRing(softHsm)
    const keys = await provision([a], [])
    await provision([b], [])
    const attempt = provision([a, b], keys)
    await expect(attempt).rejects.toMatchObject({ reason: 'key-mismatch' })
    await expect(attempt).rejects.toThrow(/has another MAC key .* than the first: clone/)
  })

  test('is taken once its MAC keys were cloned', async () => {
    const [a, b] = await freshRing(softHsm)
    const both = await provision([a, b], [])
    // As if the database knew of the first alone: what a cloned token looks like.
    const made = await provision([a, b], ofFirst(both))
    expect(made.map(({ job, token }) => [job, token])).toEqual([
      ['seal', b.label],
      ['wrap', b.label],
      ['mac', b.label],
      ['mac', b.label],
    ])
    const hsm = await openKeystore({ tokens: [a.options, b.options], keys: [...ofFirst(both), ...made] })
    expect(hsm.lacksRecipients(await hsm.issueKey(binding))).toBe(false)
    await hsm.close()
  })

  test('keeps a MAC key that is too open out, whoever put it there', async () => {
    const [a, b] = await freshRing(softHsm)
    const keys = await provision([a, b], [])
    const record = keys.find(({ use, token }) => use === 'code' && token === b.label)
    if (record === undefined) throw new Error('no key')
    const session = rawSession(b.soft)
    const [handle] = session.findObjects({ token: true, label: record.label })
    if (handle) session.destroyObject(handle)
    const capabilities = proveCapabilities(() => rawSession(b.soft))
    makeKey({ session, capabilities, mechanismLists: 'ignored', software: true }, record)
    const attempt = openKeystore({ tokens: [a.options, b.options], keys })
    await expect(attempt).rejects.toMatchObject({ reason: 'key-unfit' })
  })
})

const ofFirst = (keys: readonly KeyRecord[]) => keys.filter(({ token }) => token === undefined)

function provision(tokens: readonly RingToken[], existing: readonly KeyRecord[], wanted = needs): Promise<KeyRecord[]> {
  const [first, ...others] = tokens.map(({ options }) => options)
  if (first === undefined) throw new HsmRefusal('tokens-refused', 'none')
  return provisionKeys({ tokens: [first, ...others], needs: wanted, existing })
}
