import { randomBytes } from 'node:crypto'
import { Secret } from '@strongroom/crypto'
import { HsmRefusal, Unsupported } from '../errors.ts'
import type { Binding, KeyJob, Keystore, KeyRecord } from '../keystore.ts'
import type { Rate } from './bench-plan.ts'
import { opensslTwin, type Twin } from './openssl-twin.ts'

const SEALED_BYTES = 32

const binding: Binding = { table: 'bench', row: 'row', owner: 'owner', purpose: 'bench' }

interface Operation {
  readonly name: string
  readonly job: KeyJob
  readonly twin: keyof Twin
  /** What is done again and again; what it works on is made here, once. */
  readonly prepare: (hsm: Keystore) => Promise<() => Promise<unknown>>
}

const lock = { binding, factor: new Secret('12345678') }

const operations: readonly Operation[] = [
  {
    name: `seal ${String(SEALED_BYTES)} bytes`,
    job: 'seal',
    twin: 'seal',
    prepare: async (hsm) => {
      const plaintext = new Secret(randomBytes(SEALED_BYTES))
      return () => hsm.seal(plaintext, binding)
    },
  },
  {
    name: 'open',
    job: 'seal',
    twin: 'open',
    prepare: async (hsm) => {
      const envelope = await hsm.seal(new Secret(randomBytes(SEALED_BYTES)), binding)
      return () => hsm.open(envelope, binding)
    },
  },
  {
    name: 'issue a key',
    job: 'wrap',
    twin: 'issueKey',
    prepare: async (hsm) => () => hsm.issueKey(binding),
  },
  {
    name: 'open an issued key',
    job: 'wrap',
    twin: 'openKey',
    prepare: async (hsm) => {
      const envelope = await hsm.issueKey(binding)
      return () => hsm.openKey(envelope, binding)
    },
  },
  {
    name: 'open a key with its PIN',
    job: 'mac',
    twin: 'openLockedKey',
    prepare: async (hsm) => {
      const locked = await hsm.issueLockedKey(lock)
      return () => hsm.openLockedKey(lock, locked)
    },
  },
  {
    name: 'MAC',
    job: 'mac',
    twin: 'mac',
    prepare: async (hsm) => {
      const message = randomBytes(SEALED_BYTES)
      return () => hsm.mac('code', message)
    },
  },
  {
    name: 'sign (P-256)',
    job: 'sign',
    twin: 'sign',
    prepare: async (hsm) => {
      const message = randomBytes(SEALED_BYTES)
      return () => hsm.sign('audit', message)
    },
  },
]

interface Bench {
  readonly hsm: Keystore
  readonly keys: readonly KeyRecord[]
  readonly milliseconds: number
  /** How many are asked for at a time. */
  readonly atOnce: number
  readonly onRate: (rate: Rate) => void
}

/** One operation after the other, each beside its twin; what the token cannot do is left out. */
export async function benchKeystore({ hsm, keys, milliseconds, atOnce, onRate }: Bench): Promise<void> {
  const twin = opensslTwin(SEALED_BYTES)
  for (const { name, job, twin: twinName, prepare } of operations) {
    const run = await prepared(() => prepare(hsm))
    if (run === undefined) continue
    const perSecond = await rateOf(run, { milliseconds, atOnce })
    const opensslPerSecond = rateOfTwin(twin[twinName], milliseconds)
    const strategy = keys.find((key) => key.job === job)?.strategy ?? ''
    onRate({ operation: name, strategy, perSecond, opensslPerSecond, ratio: perSecond / opensslPerSecond })
  }
}

async function prepared(prepare: () => Promise<() => Promise<unknown>>) {
  try {
    const run = await prepare()
    await run()
    return run
  } catch (error) {
    if (error instanceof Unsupported || (error instanceof HsmRefusal && error.reason === 'key-undeclared'))
      return undefined
    throw error
  }
}

async function rateOf(
  run: () => Promise<unknown>,
  { milliseconds, atOnce }: Pick<Bench, 'milliseconds' | 'atOnce'>,
): Promise<number> {
  const started = performance.now()
  const until = started + milliseconds
  let done = 0
  const one = async () => {
    // Once at least: nobody knows of a rate that is nought whether the token or this machine stood still.
    do {
      await run()
      done++
    } while (performance.now() < until)
  }
  await Promise.all(Array.from({ length: atOnce }, one))
  return (done * 1000) / (performance.now() - started)
}

function rateOfTwin(run: () => void, milliseconds: number): number {
  const started = performance.now()
  let done = 0
  do {
    run()
    done++
  } while (performance.now() < started + milliseconds)
  return (done * 1000) / (performance.now() - started)
}
