/** What a generator process is told to do. */
export interface Plan {
  readonly port: number
  readonly connections: number
  /** Whole HTTP requests, taken in turn by whichever connection is free. */
  readonly requests: readonly string[]
  /** The one status that counts as an answer; any other fails the run. */
  readonly expect: number
  /** How the body of a good answer begins, where refusals have the same status. */
  readonly begins?: string
  /** After so many seconds, or so many requests. */
  readonly until: { readonly seconds: number } | { readonly requests: number }
  /** Arrivals a second, whether or not earlier ones were answered. Without it every connection asks again at once. */
  readonly rate?: number
}

/** The same for QR logins from the first step to the last, one after the other on each connection. */
export interface CyclePlan extends Pick<Plan, 'port' | 'connections' | 'until'> {
  /** Login tokens of those who approve, in turn. */
  readonly approvers: readonly string[]
}

/** What it saw: of requests, or of cycles. Latencies are in milliseconds. */
export interface Outcome {
  readonly requests: number
  readonly perSecond: number
  readonly p50: number
  readonly p99: number
}
