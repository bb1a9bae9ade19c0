import { randomBytes } from 'node:crypto'
import { Secret } from '@strongroom/crypto'
import { expect, onTestFinished, test } from 'vitest'
import { type FoundKey, type KeyJob, openKeystore, provisionKeys } from '../../src/index.ts'
import { importKey } from '../../src/keys/import-key.ts'
import { makeKey } from '../../src/keys/make-key.ts'
import { proveCapabilities } from '../../src/strategies/capabilities.ts'
import { binding, rawSession } from '../world.ts'
import { freshRing, type RingToken, type TestedRing, testedRings } from './ring-world.ts'

const [softHsm] = testedRings as [TestedRing]
const needs = [
  { job: 'seal', use: '' },
  { job: 'mac', use: 'code' },
] as const
const found: readonly FoundKey[] = needs.map((need) => ({ ...need, label: `${need.job} of the ceremony` }))

const accessTo = ({ soft }: RingToken) => ({
  session: rawSession(soft),
  capabilities: proveCapabilities(() => rawSession(soft)),
  mechanismLists: 'honoured' as const,
  software: true,
})
const recordOf = (job: KeyJob, strategy: string) => ({
  job,
  use: '',
  version: 1,
  label: `${job} of the ceremony`,
  strategy,
})
const makeSeal = (token: RingToken) => makeKey(accessTo(token), recordOf('seal', 'hsm-gcm'))
const bringMac = (token: RingToken, value: Uint8Array) =>
  importKey(accessTo(token), recordOf('mac', 'hmac-sha512'), value)

const provision = ([a, b]: readonly [RingToken, RingToken]) =>
  provisionKeys({ tokens: [a.options, b.options], needs, existing: [], found })

test('keys of a ceremony serve on both tokens, the same MAC key on each', async () => {
  const ring = await freshRing(softHsm)
  const value = randomBytes(64)
  for (const token of ring) {
    makeSeal(token)
    bringMac(token, value)
  }
  const keys = await provision(ring)
  expect(keys.map(({ job, label, token }) => `${job} ${label} ${token ?? ''}`.trim()).toSorted()).toEqual(
    ['mac', 'seal'].flatMap((job) => [
      `${job} ${job} of the ceremony`,
      `${job} ${job} of the ceremony ${ring[1].label}`,
    ]),
  )
  const keystore = await openKeystore({ tokens: ring.map(({ options }) => options), keys })
  onTestFinished(() => keystore.close())
  const kept = new Secret('kept')
  expect((await keystore.open(await keystore.seal(kept, binding), binding)).equals(kept)).toBe(true)
})

test('a second token with another MAC key under that name, or with none, is refused', async () => {
  const ring = await freshRing(softHsm)
  for (const token of ring) makeSeal(token)
  bringMac(ring[0], randomBytes(64))
  await expect(provision(ring)).rejects.toMatchObject({ reason: 'key-uncloned' })
  bringMac(ring[1], randomBytes(64))
  await expect(provision(ring)).rejects.toMatchObject({ reason: 'key-mismatch' })
})
