import { setTimeout as sleep } from 'node:timers/promises'
import { Unsupported } from '../errors.ts'
import type { Keystore } from '../keystore.ts'
import { openKeystore } from '../open-keystore.ts'
import { sourceOf } from '../connect.ts'
import { provisionKeys } from '../provision-keys.ts'
import { injectFaults } from '../testing/module-faults.ts'
import { needsOfJob } from './key-maker.ts'
import type { Stage } from './stage.ts'
import type { Need, TokenPromise } from './token-promise.ts'
import type { Trial } from './trial.ts'

/** What came of one promise. `unsupported`: the token cannot do it, and says so by the type that callers know. */
export interface Outcome {
  readonly area: string
  readonly says: string
  readonly verdict: 'kept' | 'unsupported' | 'broken'
  /** What is missing, or what went wrong; for a kept promise what to know all the same. */
  readonly remarks: readonly string[]
  readonly milliseconds: number
}

const LONGEST_MS = 120_000

/** Never throws: whatever goes wrong breaks the promise. */
export async function runPromise(stage: Stage, promise: TokenPromise): Promise<Outcome> {
  const { area, says } = promise
  const started = performance.now()
  const verdict = await judge(stage, promise)
  return { area, says, ...verdict, milliseconds: Math.round(performance.now() - started) }
}

async function judge(stage: Stage, promise: TokenPromise): Promise<Pick<Outcome, 'verdict' | 'remarks'>> {
  const remarks: string[] = []
  try {
    const missing = promise.needs.find((need) => stage.missing.has(need))
    if (missing !== undefined) {
      await assertUnsupported(stage, missing)
      return { verdict: 'unsupported', remarks: [stage.missing.get(missing) ?? missing] }
    }
    await withTrial(stage, remarks, (trial) => inTime(promise.keep(trial)))
    return { verdict: 'kept', remarks }
  } catch (error) {
    return { verdict: 'broken', remarks: [describe(error)] }
  }
}

/** What a token cannot do it refuses typed, each time: it neither answers rubbish nor looks like an outage. */
async function assertUnsupported({ connection, capabilities }: Stage, need: Need): Promise<void> {
  try {
    if (need === 'hsm-gcm') capabilities.seal(need)
    else if (need === 'A256KW-RFC3394' || need === 'A256KWP-RFC5649') capabilities.wrap(need)
    else await provisionKeys({ ...connection, needs: needsOfJob[need], existing: [] })
  } catch (error) {
    if (error instanceof Unsupported) return
    throw error
  }
  throw new Error(`${need} is called unsupported at first, and works now`)
}

async function withTrial(stage: Stage, remarks: string[], body: (trial: Trial) => Promise<void>): Promise<void> {
  const steps: (() => void | Promise<void>)[] = []
  const afterwards: Trial['afterwards'] = (step) => void steps.push(step)
  const closing = <K extends { close(): Promise<void> }>(keystore: K): K => {
    afterwards(() => keystore.close())
    return keystore
  }
  const { connection, keys, capabilities, traits, shared, stranger } = stage
  const open = async (changes = {}): Promise<Keystore> =>
    closing(await openKeystore({ ...connection, keys, probeIntervalMs: 20, ...changes }))
  const trial: Trial = {
    connection,
    keys,
    capabilities,
    traits,
    shared,
    stranger,
    open,
    afterwards,
    recovery: async (which) => {
      const recovery = await stage.recovery(which)
      return { ...recovery, open: async (changes) => closing(await recovery.open(changes)) }
    },
    session: () => {
      const session = stage.openSession()
      afterwards(() => session.close())
      return session
    },
    faults: () => {
      const faults = injectFaults(sourceOf(connection))
      afterwards(() => faults.release())
      return faults
    },
    note: (warning) => void remarks.push(warning),
  }
  try {
    await body(trial)
  } finally {
    // A step may add another, such as the end of a session that it opens.
    for (let step = steps.pop(); step !== undefined; step = steps.pop()) await step()
  }
}

async function inTime(kept: Promise<void> | void): Promise<void> {
  const end = new AbortController()
  const tooLate = sleep(LONGEST_MS, undefined, { signal: end.signal }).then(() => {
    throw new Error(`not done after ${LONGEST_MS / 1000} seconds`)
  })
  try {
    await Promise.race([kept, tooLate])
  } finally {
    end.abort()
    await tooLate.catch(() => undefined)
  }
}

const describe = (error: unknown): string => (error instanceof Error ? `${error.name}: ${error.message}` : 'unknown')
