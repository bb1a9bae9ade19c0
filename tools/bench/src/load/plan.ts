/** What a generator process is told to do. */
export interface Plan {
  readonly port: number
  readonly connections: number
  /** Whole HTTP requests, taken in turn by whichever connection is free. */
  readonly requests: readonly string[]
  /** The one status that counts as an answer; any other fails the run. */
  readonly expect: number
  /** After so many seconds, or so many requests. */
  readonly until: { readonly seconds: number } | { readonly requests: number }
  /** Arrivals a second, whether or not earlier ones were answered. Without it every connection asks again at once. */
  readonly rate?: number
}

/** What it saw. Latencies are in milliseconds. */
export interface Outcome {
  readonly requests: number
  readonly perSecond: number
  readonly p50: number
  readonly p99: number
}
