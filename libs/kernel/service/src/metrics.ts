import type { TokenStanding } from '@strongroom/hsm'
import type { Told } from '@strongroom/http'
import { countJobs, type JobCount } from '@strongroom/jobs'
import type { Database } from '@strongroom/storage'
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import { rowsLeft } from './rotation/rewrap-store.ts'

export interface Metrics {
  observe(told: Told): void
  readonly contentType: string
  render(): Promise<string>
}

interface Watched {
  readonly isTokenReady: () => boolean
  readonly tokens: () => readonly TokenStanding[]
  readonly database: Database
}

/** Prometheus metrics: routes are templates and labels are closed sets, so that nothing of a caller becomes a label. */
export function openMetrics({ isTokenReady, tokens, database }: Watched): Metrics {
  const registers = [new Registry()] as [Registry]
  collectDefaultMetrics({ register: registers[0] })
  const answers = new Counter({
    name: 'strongroom_http_answers_total',
    help: 'Answers by route, status and refusal.',
    labelNames: ['method', 'route', 'status', 'refusal'],
    registers,
  })
  const seconds = new Histogram({
    name: 'strongroom_http_answer_seconds',
    help: 'Time to answer, by route.',
    labelNames: ['method', 'route'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers,
  })
  const token: Gauge = new Gauge({
    name: 'strongroom_hsm_ready',
    help: '1 while the token answers.',
    registers,
    collect: () => token.set(isTokenReady() ? 1 : 0),
  })
  const each: Gauge<'token'> = new Gauge({
    name: 'strongroom_hsm_token_ready',
    help: '1 for each token that answers, by label; 0 while it is away or kept out.',
    labelNames: ['token'],
    registers,
    collect: () => {
      for (const { label, state } of tokens()) each.set({ token: label }, state === 'healthy' ? 1 : 0)
    },
  })
  const rewraps: Gauge = new Gauge({
    name: 'strongroom_rewrap_rows_left',
    help: 'Values that are still to be sealed by the newest keys; 0 where no such pass is under way.',
    registers,
    // A database that is away must not take the other metrics along.
    collect: async () => rewraps.set(await rowsLeft(database).catch(() => 0)),
  })
  const count = jobCounter(database)
  const jobs: Gauge<'kind' | 'state'> = new Gauge({
    name: 'strongroom_jobs',
    help: 'Jobs by kind and state: due, waiting, running, parked.',
    labelNames: ['kind', 'state'],
    registers,
    collect: () => countInto(jobs, count),
  })
  return {
    observe({ method, route, status, refusal = '', seconds: took }) {
      const known = route === 'unknown' ? 'unknown' : method
      answers.inc({ method: known, route, status: String(status), refusal })
      seconds.observe({ method: known, route }, took)
    },
    contentType: registers[0].contentType,
    render: () => registers[0].metrics(),
  }
}

const COUNTS_KEPT_MS = 5_000

/** Counting reads every job: at most once in five seconds, and never on the connection that look-ups by key share. */
function jobCounter(database: Database): () => Promise<JobCount[]> {
  let counted: Promise<JobCount[]> = Promise.resolve([])
  let until = 0
  return () => {
    if (performance.now() < until) return counted
    until = performance.now() + COUNTS_KEPT_MS
    // A database that is away must not take the other metrics along.
    counted = countJobs(database).catch(() => [])
    return counted
  }
}

async function countInto(jobs: Gauge<'kind' | 'state'>, count: () => Promise<JobCount[]>): Promise<void> {
  const counts = await count()
  jobs.reset()
  for (const { kind, ...states } of counts) {
    for (const [state, number] of Object.entries(states)) jobs.set({ kind, state }, number)
  }
}
