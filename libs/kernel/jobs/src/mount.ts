import type { JobKind } from './job.ts'
import type { Attempt, JobHandler } from './perform.ts'
import type { Sweep } from './sweep.ts'

export interface MountedJob {
  readonly kind: JobKind
  perform(payload: unknown, attempt: Attempt): Promise<void>
}

export interface MountedSweep {
  readonly name: string
  readonly every: number
  run(signal: AbortSignal): Promise<void>
}

/** Handlers and sweeps with everything that they need: ready for a worker. */
export interface Work {
  readonly jobs: readonly MountedJob[]
  readonly sweeps: readonly MountedSweep[]
}

/** Gives handlers and sweeps the dependencies that they declare; the compiler adds them up. */
export function mountWork<Deps>(parts: {
  jobs?: readonly JobHandler<Deps>[]
  sweeps?: readonly Sweep<Deps>[]
  deps: Deps
}): Work {
  const { jobs = [], sweeps = [], deps } = parts
  return {
    jobs: jobs.map((handler) => ({
      kind: handler.kind,
      perform: (payload, attempt) => handler.perform(handler.kind.payload.parse(payload) as never, deps, attempt),
    })),
    sweeps: sweeps.map((one) => ({ name: one.name, every: one.every, run: (signal) => one.run(deps, signal) })),
  }
}

/** All of them together. @throws Error where two do the same kind of work, of which one would silently not run. */
export function joinWork(parts: readonly Work[]): Work {
  const work = { jobs: parts.flatMap(({ jobs }) => jobs), sweeps: parts.flatMap(({ sweeps }) => sweeps) }
  const names = [...work.jobs.map(({ kind }) => kind.name), ...work.sweeps.map(({ name }) => name)]
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) throw new Error(`two handlers or sweeps are called ${twice}`)
  return work
}
