import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Secret } from '@strongroom/crypto'
import { describe, expect, test, vi } from 'vitest'
import { HsmUnavailable, type Keystore, type LockedKey } from '../../src/index.ts'
import { decodeEnvelope } from '../../src/envelope/codec.ts'
import { tokenProcesses } from '../process-world.ts'
import { binding, pin } from '../world.ts'
import { makeRing, type RingToken, type TestedRing, testedRings, unplug } from './ring-world.ts'

const CLIENTS = 12
/** Longer than a busy machine keeps the process of a healthy token waiting. */
const CALL_SECONDS = 2
const [softHsm, inProcess] = testedRings as [TestedRing, TestedRing]

/** What clients saw since it was emptied. */
interface Tally {
  right: number
  outages: number
  mistaken: string[]
  slowestMs: number
}

const emptyTally = (): Tally => ({ right: 0, outages: 0, mistaken: [], slowestMs: 0 })

describe('under load, while one of two tokens', () => {
  test('crashes, hangs and is unplugged in turn: no wrong answer, no refused caller, bounded waits, and it works again', async () => {
    const { open, tokens } = await makeRing(inProcess)
    const hsm = await open({ tokens: tokens.map(({ options }) => ({ ...options, callSeconds: CALL_SECONDS })) })
    const load = await startLoad(hsm)
    const blows: Readonly<Record<string, (token: RingToken) => void>> = {
      'its process is killed': () => process.kill(tokenProcesses()[0] ?? process.pid, 'SIGKILL'),
      'its module crashes': ({ device }) => device.crash(['C_Decrypt', 'C_Sign']),
      'it hangs before it answers': ({ device }) => device.hang(['C_Decrypt', 'C_Encrypt', 'C_Sign'], 'before'),
      'it hangs after it has': ({ device }) => device.hang(['C_Decrypt', 'C_Encrypt', 'C_Sign'], 'after'),
      'it is unplugged': unplug,
    }
    for (const token of tokens) {
      for (const [name, blow] of Object.entries(blows)) {
        const tally = load.begin()
        blow(token)
        await sleep(1.5 * CALL_SECONDS * 1000)
        token.device.mend()
        await untilHealthy(hsm)
        await load.complete()
        const worked = token.device.calls()
        await enough(tally)
        await expect.poll(() => token.device.calls()).toBeGreaterThan(worked)
        expect(tally.mistaken, `${token.label}: ${name}`).toEqual([])
        expect(tally.outages, `${token.label}: ${name}`).toBe(0)
        // One deadline of the token that hangs, and what the other takes.
        expect(tally.slowestMs).toBeLessThan(3 * CALL_SECONDS * 1000)
      }
    }
    await load.stop()
    const kept = decodeEnvelope(await hsm.seal(new Secret('kept'), binding))
    expect(kept.recipients).toHaveLength(2)
  }, 300_000)

  test('fails and then the other, before anything was completed: outages for what one alone held, and for no longer', async () => {
    const { open, tokens } = await makeRing(softHsm)
    const hsm = await open({ random: () => 0 })
    const load = await startLoad(hsm)
    const [a, b] = tokens
    const tally = load.begin()
    let seen = 0
    for (const [away, back] of [
      [a, b],
      [b, a],
      [a, b],
    ] as const) {
      unplug(away)
      back.device.mend()
      await sleep(700)
      await expect.poll(() => tally.right).toBeGreaterThan(seen + 35)
      seen = tally.right
    }
    for (const { device } of tokens) device.mend()
    await untilHealthy(hsm)
    expect(tally.mistaken).toEqual([])
    const after = load.begin()
    await enough(after)
    expect(after).toMatchObject({ outages: 0, mistaken: [] })
    await load.stop()
  })
})

/** Clients that open, guess wrongly, change their PIN and keep values, each on a row of its own. */
async function startLoad(hsm: Keystore) {
  const stopped = new AbortController()
  let tally = emptyTally()
  const clients = await Promise.all(Array.from({ length: CLIENTS }, (_, row) => newClient(hsm, `row-${row}`)))
  const work = clients.map(async (client) => {
    for (let turn = 0; !stopped.signal.aborted; turn++) {
      const seen = tally
      const began = performance.now()
      try {
        const mistake = await client.act(turn)
        if (mistake === undefined) seen.right++
        else seen.mistaken.push(mistake)
      } catch (error) {
        if (error instanceof HsmUnavailable) seen.outages++
        else seen.mistaken.push(String(error))
      }
      seen.slowestMs = Math.max(seen.slowestMs, performance.now() - began)
      await sleep(2)
    }
  })
  return {
    begin: () => (tally = emptyTally()),
    complete: async () => void (await Promise.all(clients.map((client) => client.complete()))),
    async stop() {
      stopped.abort()
      await Promise.all(work)
    },
  }
}

async function newClient(hsm: Keystore, row: string) {
  const place = { ...binding, row, version: 1 }
  const value = new Secret(randomBytes(50))
  let [digits, version] = [1000, 1]
  let locked: LockedKey = await hsm.issueLockedKey({ binding: place, factor: pin('1000') })
  let kept = await hsm.seal(value, place)
  const key = await hsm.openLockedKey({ binding: place, factor: pin('1000') }, locked)
  const lockAt = (at: number, by: number) => ({ binding: { ...place, version: at }, factor: pin(String(by)) })
  const acts: readonly (() => Promise<string | undefined>)[] = [
    async () => ((await hsm.open(kept, place)).equals(value) ? undefined : 'another value'),
    async () => {
      const opened = await hsm.openLockedKey(lockAt(version, digits), locked)
      return opened !== undefined && key?.equals(opened) === true ? undefined : 'another key, or a right PIN refused'
    },
    async () => {
      const opened = await hsm.openLockedKey(lockAt(version, digits - 1), locked)
      return opened === undefined ? undefined : 'an earlier PIN opened'
    },
    async () => {
      const next = await hsm.relockKey(lockAt(version, digits), locked, lockAt(version + 1, digits + 1))
      if (next === undefined) return 'a right PIN was not changed'
      ;[locked, version, digits] = [next, version + 1, digits + 1]
      return undefined
    },
    async () => {
      kept = await hsm.seal(value, place)
      return undefined
    },
    async () => ((await hsm.mac('code', new Uint8Array(3))).length === 64 ? undefined : 'no MAC'),
  ]
  return {
    act: async (turn: number) => acts[turn % acts.length]?.(),
    /** As the sweep does: by compare-and-swap. */
    async complete() {
      const [old, lock, at] = [kept, locked, version]
      const complete = await hsm.completeRecipients(old, place)
      if (complete !== undefined && kept === old) kept = complete
      const envelope = await hsm.completeRecipients(lock.envelope, { ...place, version: at })
      if (envelope !== undefined && locked === lock) locked = { ...lock, envelope }
    },
  }
}

/** A hundred calls that went right, however long a busy machine takes for them. */
const enough = (tally: Tally) => expect.poll(() => tally.right).toBeGreaterThan(100)

const untilHealthy = (hsm: Keystore) =>
  vi.waitFor(() => expect(hsm.tokens().every(({ state }) => state === 'healthy')).toBe(true), {
    timeout: 60_000,
    interval: 5,
  })
