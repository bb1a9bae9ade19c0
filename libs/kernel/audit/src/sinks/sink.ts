import type { Head } from '../head.ts'

/** A place that takes heads and keeps them out of the database's reach. Made by the sinks of this folder. */
export interface Target {
  /** Names it in errors and in `audit.deliveries`; holds no secret. */
  readonly name: string
  /** Resolves when the head is accepted. May be given the same one again. Throws `SinkUnavailable` or `SinkRefused`. */
  send(head: Head): Promise<void>
  /** The highest head that it holds, where it can be read: then that decides what is sent, and finds a rollback. */
  readonly last?: () => Promise<Head | undefined>
}

/** Where heads go: one target or several, each with its own progress. */
export interface Sink {
  readonly targets: readonly Target[]
}

/** The sink did not take a head; it is kept and sent again. */
export class SinkUnavailable extends Error {
  override readonly name = 'SinkUnavailable'
  readonly retryAfterSeconds = 5

  constructor(target: string, reason: string) {
    super(`${target} did not take a head of the audit log: ${reason}`)
  }
}

/** What the sink holds and what the database holds do not go together: somebody must look. */
export class SinkRefused extends Error {
  override readonly name = 'SinkRefused'
}

/** All of them, each at its own pace. */
export const severalSinks = (...sinks: readonly Sink[]): Sink => ({ targets: sinks.flatMap(({ targets }) => targets) })
