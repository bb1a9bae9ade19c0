import { setTimeout as pause } from 'node:timers/promises'
import { HttpConnection } from './http-connection.ts'
import type { Outcome, Plan } from './plan.ts'
import type { Answer } from './read-answer.ts'
import { percentile } from '../statistics.ts'

interface Drive {
  readonly plan: Plan
  readonly connections: readonly HttpConnection[]
  readonly latencies: number[]
  /** The next request, or `undefined` when it is over. */
  readonly next: () => string | undefined
}

/** Carries a plan out in this process. Throws at the first answer that is not the expected one. */
export async function drive(plan: Plan): Promise<Outcome> {
  const connections = await Promise.all(Array.from({ length: plan.connections }, () => HttpConnection.open(plan.port)))
  const latencies: number[] = []
  const started = performance.now()
  const one: Drive = { plan, connections, latencies, next: takeInTurn(plan.requests, plan.until, started) }
  await (plan.rate === undefined ? askAgainAtOnce(one) : askAtRate(one, plan.rate))
  const seconds = (performance.now() - started) / 1000
  for (const connection of connections) connection.close()
  return outcomeOf(latencies, seconds)
}

export function outcomeOf(latencies: readonly number[], seconds: number): Outcome {
  const ascending = latencies.toSorted((a, b) => a - b)
  return {
    requests: latencies.length,
    perSecond: latencies.length / seconds,
    p50: percentile(ascending, 0.5),
    p99: percentile(ascending, 0.99),
  }
}

/** One after the other and round again, until it is over. */
export function takeInTurn<One>(things: readonly One[], until: Plan['until'], started: number): () => One | undefined {
  let taken = 0
  const isOver = () =>
    'requests' in until ? taken >= until.requests : performance.now() - started >= until.seconds * 1000
  return () => (isOver() ? undefined : things[taken++ % things.length])
}

async function askAgainAtOnce({ plan, connections, latencies, next }: Drive): Promise<void> {
  const askOn = async (connection: HttpConnection) => {
    for (let request = next(); request !== undefined; request = next()) {
      const asked = performance.now()
      assertExpected(plan, await connection.ask(request))
      latencies.push(performance.now() - asked)
    }
  }
  await Promise.all(connections.map(askOn))
}

/**
 * Latency counts from the arrival, so waiting for a free connection is part of it: a server that stalls is not asked
 * less often for it. The coarseness of timers is ours and does not count.
 */
async function askAtRate({ plan, connections, latencies, next }: Drive, rate: number): Promise<void> {
  const idle = [...connections]
  const waiting: { request: string; arrived: number }[] = []
  const underWay = new Set<Promise<void>>()
  const failures: unknown[] = []

  const serve = async (connection: HttpConnection): Promise<void> => {
    for (let one = waiting.shift(); one; one = waiting.shift()) {
      assertExpected(plan, await connection.ask(one.request))
      latencies.push(performance.now() - one.arrived)
    }
    idle.push(connection)
  }
  const started = performance.now()
  for (let arrived = 0, over = false; !over && failures.length === 0; await pause(1)) {
    const now = performance.now()
    for (const due = ((now - started) / 1000) * rate; arrived < due && !over; arrived++) {
      const request = next()
      over = request === undefined
      if (request !== undefined) waiting.push({ request, arrived: now })
    }
    while (idle.length > 0 && waiting.length > 0) {
      const served = serve(idle.pop() as HttpConnection).catch((error: unknown) => void failures.push(error))
      underWay.add(served)
      void served.then(() => underWay.delete(served))
    }
  }
  await Promise.all(underWay)
  if (failures.length > 0) throw failures[0]
}

function assertExpected({ expect, begins = '', requests }: Plan, { status, body }: Answer): void {
  const isGood = status === expect && body.toString('latin1', 0, begins.length) === begins
  if (isGood) return
  const asked = requests[0]?.slice(0, requests[0].indexOf(' HTTP'))
  const wanted = `${String(expect)} ${begins}`.trim()
  throw new Error(`answered ${String(status)} instead of ${wanted} (such as ${asked ?? ''})`)
}
