import type { ChildProcess } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { once } from 'node:events'
import { CallSocket } from './call-socket.ts'
import { CALLS, CONTROL } from './protocol.ts'
import { pipeOf, spawnProcess } from './spawn-process.ts'
import type { StartOrder } from './start-order.ts'
import { type Started, startWithin } from './start-process.ts'
import type { WireValue } from './wire-value.ts'

export interface ProcessLimits {
  /** For one operation, from when it is sent. */
  readonly callMs: number
  /** From the first instruction to the first session. */
  readonly startMs: number
  /** Ends a start that is under way. */
  readonly signal: AbortSignal
}

export interface ProcessEvents {
  /** Right before the one login. */
  onLogin(): void
  /** Something was answered. */
  onIdle(): void
  /** It works in one session more. */
  onSession(): void
  /** Once, unless it is closed: it crashed, hung or was killed. What was called and not answered is rejected by then. */
  onLost(process: TokenProcess, reason: string): void
}

const KILLED_WITHIN_MS = 1000

/** A process that holds the token and can be killed. */
export class TokenProcess {
  readonly #child: ChildProcess
  readonly #ended: Promise<unknown>
  readonly #calls: CallSocket
  readonly #events: ProcessEvents
  #state: 'starting' | 'serving' | 'closing' | 'gone' = 'starting'
  #started: Started | undefined

  /** Throws `HsmRefusal`, `Unsupported` or `HsmUnavailable`; no process is left then. */
  static async start(order: StartOrder, limits: ProcessLimits, events: ProcessEvents): Promise<TokenProcess> {
    const process = new TokenProcess(spawnProcess(order.source), limits, events)
    try {
      process.#started = await startWithin(process.#child, order, {
        ...limits,
        onLogin: () => events.onLogin(),
        onSessions: (sessions) => process.#grow(sessions),
      })
      process.#serve()
      return process
    } catch (error) {
      process.kill('not started')
      await process.hasEnded()
      throw error
    }
  }

  private constructor(child: ChildProcess, limits: ProcessLimits, events: ProcessEvents) {
    this.#child = child
    this.#events = events
    this.#calls = new CallSocket(pipeOf(child, CALLS), {
      callMs: limits.callMs,
      onIdle: () => events.onIdle(),
      onBroken: (reason) => this.kill(reason),
    })
    // Once its last word was read.
    this.#ended = once(child, 'close').catch(() => undefined)
    void this.#ended.then(() => this.kill(`its process ended (${child.signalCode ?? String(child.exitCode)})`))
  }

  get started(): Started {
    if (this.#started === undefined) throw new TypeError('not started')
    return this.#started
  }

  get idleSessions(): number {
    return this.#calls.idleSessions
  }

  /** Only while a session is idle. Rejects with what the operation throws, `DeviceLost` or `HsmUnavailable`. */
  call(name: string, request: unknown): Promise<WireValue> {
    return this.#calls.call(name, request)
  }

  kill(reason: string): void {
    if (this.#state === 'gone') return
    const wasServing = this.#state === 'serving'
    this.#state = 'gone'
    this.#calls.break(reason)
    pipeOf(this.#child, CONTROL).destroy()
    this.#child.kill('SIGKILL')
    if (wasServing) this.#events.onLost(this, reason)
  }

  /** From now on it keeps nobody from ending but who waits for an answer. */
  #serve(): void {
    this.#state = 'serving'
    this.#child.unref()
    pipeOf(this.#child, CONTROL).unref()
  }

  #grow(sessions: number): void {
    this.#calls.sessions = sessions
    this.#events.onSession()
  }

  /** What was called is answered first, within `patienceMs`. */
  async close(patienceMs: number): Promise<void> {
    if (this.#state !== 'serving') return
    this.#state = 'closing'
    this.#child.ref()
    this.#calls.end()
    await within(patienceMs, this.#ended)
    this.kill('closed')
  }

  /** False: it was killed and has not ended, as a process that hangs in its kernel driver. */
  async hasEnded(): Promise<boolean> {
    return within(KILLED_WITHIN_MS, this.#ended)
  }
}

async function within(ms: number, event: Promise<unknown>): Promise<boolean> {
  const timer = new AbortController()
  const late = sleep(ms, false, { signal: timer.signal }).catch(() => false)
  try {
    return await Promise.race([event.then(() => true), late])
  } finally {
    timer.abort()
  }
}
