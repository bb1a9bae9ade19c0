import type { EventEmitter } from 'node:events'
import type { Log } from './log.ts'
import type { Running } from './serve.ts'

/** Listeners, then the worker, then what is open: each has the seconds that an operator gave. */
const STEPS = 3

export interface Told {
  readonly log: Log
  /** The process: SIGTERM, SIGINT, and `disconnect` where a parent held an IPC channel. */
  readonly signals: EventEmitter
  readonly ended: (outcome: 'drained' | 'too late' | { readonly error: unknown }) => void
}

/** Drains once, when it is told to; a process that hangs while it does is ended all the same: what was answered is committed. */
export function stopWhenTold(running: Pick<Running, 'stop' | 'stopSeconds'>, { log, signals, ended }: Told): void {
  let stopping = false
  const stop = (why: string) => {
    if (stopping) return
    stopping = true
    log.info('draining', { why })
    setTimeout(() => ended('too late'), running.stopSeconds * STEPS * 1000).unref()
    running.stop().then(
      () => ended('drained'),
      (error: unknown) => ended({ error }),
    )
  }
  signals.on('SIGTERM', () => stop('SIGTERM'))
  signals.on('SIGINT', () => stop('SIGINT'))
  signals.on('disconnect', () => stop('parent gone'))
}
