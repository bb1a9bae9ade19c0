import type { Keystore } from '@strongroom/hsm'
import { randomUuid, systemRandom } from '@strongroom/crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type LedgerWorld, ledgerWorld } from '../../test/ledger-world.ts'
import type { LedgerSigner } from './ledger.ts'
import { type Place, signerJudge, signerStamp } from './stamps.ts'

let world: LedgerWorld
beforeAll(async () => {
  world = await ledgerWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

/** The token, and how often it was asked. */
function counted() {
  const asked = { times: 0 }
  const hsm: Keystore = { ...world.hsm, mac: (use, message) => (asked.times++, world.hsm.mac(use, message)) }
  return { asked, isGenuine: signerJudge(hsm) }
}

const place: Place = { account: 'GA', version: randomUuid(systemRandom) }
const signer: LedgerSigner = { key: 'GB', weight: 1000, role: 2, identity: 1, details: '{}' }

test('the token is asked about a signer’s row once', async () => {
  const { asked, isGenuine } = counted()
  const stamp = await signerStamp(world.hsm, place, signer)
  for (let times = 0; times < 3; times++) expect(await isGenuine(place, signer, stamp)).toBe(true)
  expect(asked.times).toBe(1)
})

test.each<[string, Place, LedgerSigner]>([
  ['account', { ...place, account: 'GC' }, signer],
  ['version', { ...place, version: randomUuid(systemRandom) }, signer],
  ['key', place, { ...signer, key: 'GC' }],
  ['weight', place, { ...signer, weight: 999 }],
  ['role', place, { ...signer, role: 3 }],
  ['identity', place, { ...signer, identity: 2 }],
  ['details', place, { ...signer, details: '{"a":1}' }],
])('a row that was good is another one with another %s, and nobody’s', async (_, otherPlace, otherSigner) => {
  const { isGenuine } = counted()
  const stamp = await signerStamp(world.hsm, place, signer)
  expect(await isGenuine(place, signer, stamp)).toBe(true)
  expect(await isGenuine(otherPlace, otherSigner, stamp)).toBe(false)
})

test('what the token refused is refused again, and a wrong stamp beside a good one too', async () => {
  const { asked, isGenuine } = counted()
  const stamp = await signerStamp(world.hsm, place, signer)
  expect(await isGenuine(place, signer, stamp)).toBe(true)
  for (let times = 0; times < 2; times++) expect(await isGenuine(place, signer, stamp.toReversed())).toBe(false)
  expect(asked.times).toBe(3)
})

test('a thousand rows are remembered: the one that was read longest ago is asked about again', async () => {
  const { asked, isGenuine } = counted()
  const rows = await Promise.all(
    Array.from({ length: 1001 }, async (_, identity) => {
      const one = { ...signer, identity }
      return [one, await signerStamp(world.hsm, place, one)] as const
    }),
  )
  for (const [one, stamp] of rows.slice(0, 1000)) await isGenuine(place, one, stamp)
  const [[first, stampOfFirst] = [signer, new Uint8Array()], [second, stampOfSecond] = [signer, new Uint8Array()]] =
    rows
  await isGenuine(place, first, stampOfFirst)
  expect(asked.times).toBe(1000)
  for (const [one, stamp] of rows.slice(1000)) await isGenuine(place, one, stamp)
  await isGenuine(place, first, stampOfFirst)
  expect(asked.times).toBe(1001)
  await isGenuine(place, second, stampOfSecond)
  expect(asked.times).toBe(1002)
})
