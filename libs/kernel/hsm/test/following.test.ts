import { randomBytes } from 'node:crypto'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Secret } from '@strongroom/crypto'
import { describe, expect, onTestFinished, test } from 'vitest'
import { decodeEnvelope } from '../src/envelope/codec.ts'
import {
  followKeys,
  type FollowOptions,
  HsmUnavailable,
  kekJobs,
  type KeyRecord,
  type Keystore,
  type KeyState,
  openKeystore,
  publishKeys,
  Unopenable,
} from '../src/index.ts'
import { type TestedModule, testedModules } from './modules.ts'
import { binding, openWorld, placeOf, tenant } from './world.ts'

const [softHsm, inProcess] = testedModules as [TestedModule, TestedModule]
const FAR_AWAY_MS = 3_600_000
const sealerOf = (envelope: Uint8Array) => decodeEnvelope(envelope).recipients.map(({ version }) => version)
const soon = { timeout: 30_000, interval: 5 }

/** One token with two versions, and a place where the states of the versions are recorded. */
async function followedWorld(module: TestedModule) {
  const { token, keys: first } = await openWorld(module)
  const connection = { ...token, ...tenant }
  const made = await publishKeys({ tokens: [connection], existing: first, version: 2 })
  const all = [...first, ...made]
  let keys = all.filter(({ version }) => version === 1)
  let generation = 1
  const reports: number[] = []
  let isAway = false
  const record = (...states: readonly (readonly [number, KeyState])[]) => {
    const stateOf = new Map(states)
    keys = all.flatMap((key) => {
      const state = kekJobs.includes(key.job) ? stateOf.get(key.version) : 'active'
      return state === undefined ? [] : [{ ...key, state }]
    })
    generation++
  }
  const source: FollowOptions['source'] = {
    report: async (loaded) => {
      if (isAway) throw new Error('no database')
      reports.push(loaded)
      return generation
    },
    read: async () => ({ generation, keys }),
    leave: async () => void reports.push(-1),
  }
  const openOn = (records: readonly KeyRecord[]) =>
    openKeystore({ ...connection, ...placeOf(module), keys: records, probeIntervalMs: 60_000 })
  const follow = async (changes: Partial<FollowOptions> = {}) => {
    const told: string[] = []
    const hsm = await followKeys({
      source,
      first: { generation, keys },
      open: openOn,
      log: (event) => told.push(event),
      random: () => 0.5,
      lookEveryMs: 10,
      ...changes,
    })
    onTestFinished(() => hsm.close())
    return { hsm, told }
  }
  return {
    token,
    source,
    reports,
    record,
    follow,
    openOn,
    loseSource: (lost: boolean) => (isAway = lost),
    keysNow: () => keys,
  }
}

const seal = (hsm: Keystore) => hsm.seal(new Secret('kept'), binding)

describe.each([softHsm, inProcess])('following keys on $name', (module) => {
  test('the newest keys are at work soon, told of once they are, and what was sealed before opens', async () => {
    const { record, follow, reports } = await followedWorld(module)
    const { hsm, told } = await follow()
    const before = await seal(hsm)
    record([1, 'active'], [2, 'published'])
    await expect.poll(() => reports.at(-1), soon).toBe(2)
    expect(sealerOf(await seal(hsm))).toEqual([1])
    record([1, 'retired'], [2, 'active'])
    await expect.poll(() => reports.at(-1), soon).toBe(3)
    expect(sealerOf(await seal(hsm))).toEqual([2])
    expect((await hsm.open(before, binding)).equals(new Secret('kept'))).toBe(true)
    record([2, 'active'])
    await expect.poll(() => reports.at(-1), soon).toBe(4)
    await expect(hsm.open(before, binding)).rejects.toThrow(Unopenable)
    await hsm.check()
    expect(told).toEqual(['hsm-keys-loaded', 'hsm-keys-loaded', 'hsm-keys-loaded'])
  })

  test('a swap under load: every call is answered rightly, and each that began on the old keys ends on them', async () => {
    const { record, follow, reports } = await followedWorld(module)
    const { hsm } = await follow()
    const sealed: Uint8Array[] = []
    const over = new AbortController()
    const load = Array.from({ length: 8 }, async () => {
      while (!over.signal.aborted) {
        const value = new Secret(randomBytes(16))
        const envelope = await hsm.seal(value, binding)
        if (!(await hsm.open(envelope, binding)).equals(value)) throw new Error('another value')
        sealed.push(envelope)
        await delay(1)
      }
    })
    for (const [version, next] of [
      [1, 2],
      [2, 1],
      [1, 2],
    ] as const) {
      record([version, 'active'], [next, 'published'])
      await expect.poll(() => reports.at(-1), soon).toBeGreaterThan(1)
      record([version, 'retired'], [next, 'active'])
      await expect.poll(() => sealerOf(sealed.at(-1) ?? new Uint8Array()), soon).toEqual([next])
    }
    over.abort()
    await Promise.all(load)
    expect(new Set(sealed.flatMap(sealerOf))).toEqual(new Set([1, 2]))
  })
})

test('what is reported is what everything is done by: a call in flight on the old keys holds the report back', async () => {
  const { record, follow, reports, openOn } = await followedWorld(softHsm)
  const gate = Promise.withResolvers<void>()
  const closed: number[] = []
  let opened = 0
  const open = async (keys: readonly KeyRecord[]) => {
    const hsm = await openOn(keys)
    const at = ++opened
    const slow: Keystore = {
      ...hsm,
      seal: async (...request) => {
        if (at === 1) await gate.promise
        return hsm.seal(...request)
      },
      close: async () => {
        closed.push(at)
        await hsm.close()
      },
    }
    return slow
  }
  const { hsm } = await follow({ open })
  const early = seal(hsm)
  record([1, 'retired'], [2, 'active'])
  await expect.poll(async () => sealerOf(await hsm.issueKey(binding)), soon).toEqual([2])
  await delay(50)
  expect([new Set(reports), closed]).toEqual([new Set([1]), []])
  gate.resolve()
  expect(sealerOf(await early)).toEqual([1])
  await expect.poll(() => reports.at(-1), soon).toBe(2)
  expect(closed).toEqual([1])
})

test('an unknown key is looked for once before a value counts as unopenable, and no more often than once a second', async () => {
  const { record, follow, reports, openOn, keysNow } = await followedWorld(softHsm)
  let now = 0
  const { hsm } = await follow({ lookEveryMs: FAR_AWAY_MS, clocks: [() => now] })
  record([1, 'retired'], [2, 'active'])
  const ahead = await openOn(keysNow())
  onTestFinished(() => ahead.close())
  const [value, issued] = [await seal(ahead), await ahead.issueKey(binding)]
  expect((await hsm.open(value, binding)).equals(new Secret('kept'))).toBe(true)
  expect(await hsm.openKey(issued, binding)).toHaveLength(32)
  const looks = reports.length
  const nobodys = value.with(6, (value[6] ?? 0) ^ 1)
  now = 1001
  for (let tries = 0; tries < 20; tries++) await expect(hsm.open(nobodys, binding)).rejects.toThrow(Unopenable)
  expect(reports.length - looks).toBe(1)
  now = 2002
  await expect(hsm.completeRecipients(nobodys, binding)).rejects.toThrow(Unopenable)
  expect(reports.length - looks).toBe(2)
  const altered = value.with(value.length - 5, (value.at(-5) ?? 0) ^ 1)
  now = 3003
  await expect(hsm.open(altered, binding)).rejects.toThrow(Unopenable)
  expect(reports.length - looks).toBe(2)
})

test('where nobody can look, a value of an unknown key is an outage and never altered', async () => {
  const { record, follow, openOn, keysNow, loseSource } = await followedWorld(softHsm)
  const { hsm } = await follow({ lookEveryMs: FAR_AWAY_MS })
  record([1, 'retired'], [2, 'active'])
  const ahead = await openOn(keysNow())
  onTestFinished(() => ahead.close())
  const value = await seal(ahead)
  loseSource(true)
  await expect(hsm.open(value, binding)).rejects.toThrow(HsmUnavailable)
})

test('newest keys that do not load are told of once, tried again, and the old ones stay at work unreported', async () => {
  const { record, follow, reports, openOn } = await followedWorld(softHsm)
  let isBroken = false
  let tries = 0
  const open = async (keys: readonly KeyRecord[]) => {
    tries++
    if (isBroken) throw new HsmUnavailable('away')
    return openOn(keys)
  }
  const { hsm, told } = await follow({ open, lookEveryMs: 5 })
  isBroken = true
  record([1, 'retired'], [2, 'active'])
  await expect.poll(() => tries, soon).toBeGreaterThan(3)
  expect(sealerOf(await seal(hsm))).toEqual([1])
  expect([told, new Set(reports)]).toEqual([['hsm-keys-not-loaded'], new Set([1])])
  isBroken = false
  await expect.poll(() => reports.at(-1), soon).toBe(2)
  expect(sealerOf(await seal(hsm))).toEqual([2])
})

test('who was stopped for too long seals nothing before a look, and what it sealed meanwhile is not given out', async () => {
  const { follow, record, loseSource } = await followedWorld(softHsm)
  let now = 0
  const { hsm } = await follow({ lookEveryMs: FAR_AWAY_MS, clocks: [() => now, () => 0] })
  const kept = await seal(hsm)
  now = 31_000
  record([1, 'retired'], [2, 'active'])
  expect(sealerOf(await seal(hsm))).toEqual([2])
  loseSource(true)
  now += 31_000
  for (const late of [seal(hsm), hsm.issueKey(binding), hsm.completeRecipients(kept, binding)]) {
    await expect(late).rejects.toThrow(HsmUnavailable)
  }
  expect((await hsm.open(kept, binding)).equals(new Secret('kept'))).toBe(true)
  loseSource(false)
  expect(await seal(hsm)).toBeInstanceOf(Uint8Array)
})

test('a stop between sealing and answering', async () => {
  const { follow, openOn } = await followedWorld(softHsm)
  let now = 0
  const open = async (keys: readonly KeyRecord[]) => {
    const hsm = await openOn(keys)
    const stopped: Keystore = {
      ...hsm,
      seal: async (...request) => {
        now += 31_000
        return hsm.seal(...request)
      },
    }
    return stopped
  }
  const { hsm } = await follow({ open, lookEveryMs: FAR_AWAY_MS, clocks: [() => now] })
  await expect(seal(hsm)).rejects.toThrow(HsmUnavailable)
})

test('opening beside an open keystore logs in no second time: the file that SoftHSM rewrites at a login stays as it was', async () => {
  const { token, record, follow, reports } = await followedWorld(softHsm)
  const { hsm } = await follow()
  const tokens = join(token.directory, 'tokens')
  const [serial = ''] = readdirSync(tokens)
  const stampOf = () => statSync(join(tokens, serial, 'token.object'), { bigint: true }).mtimeNs
  const before = stampOf()
  record([1, 'retired'], [2, 'active'])
  await expect.poll(() => reports.at(-1), soon).toBe(2)
  expect(stampOf()).toBe(before)
  await hsm.check()
  await hsm.close()
  expect(reports.at(-1)).toBe(-1)
})
