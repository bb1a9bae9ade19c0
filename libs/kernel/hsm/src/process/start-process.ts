import type { ChildProcess } from 'node:child_process'
import { HsmUnavailable } from '../errors.ts'
import { DeviceLost } from '../judged.ts'
import { encodeFrame, FrameReader } from './frame.ts'
import { CONTROL } from './protocol.ts'
import { pipeOf } from './spawn-process.ts'
import { orderToWire, type StartNews, type StartOrder } from './start-order.ts'
import { decodeFailure } from './wire-failure.ts'
import { decodeValue, type WireObject } from './wire-value.ts'

export type Started = Extract<StartNews, { told: 'ready' }>

interface Start {
  readonly startMs: number
  /** Gives up when it is aborted. */
  readonly signal: AbortSignal
  /** Right before the one login. */
  onLogin(): void
  /** Of how many sessions it has by now, after the first. */
  onSessions(sessions: number): void
}

/** Sends the order and waits for the first session. Throws `HsmRefusal`, `Unsupported` or `HsmUnavailable`; kills nothing. */
export async function startWithin(child: ChildProcess, order: StartOrder, start: Start): Promise<Started> {
  const { promise, resolve, reject } = Promise.withResolvers<Started>()
  const fail = (reason: string) => reject(new HsmUnavailable(reason))
  const late = setTimeout(() => fail(`no start within ${start.startMs} ms`), start.startMs)
  const onAbort = () => fail('closed')
  start.signal.addEventListener('abort', onAbort)
  child.once('error', (error) => fail(`its process did not start: ${error.name}`))
  child.once('exit', (code, signal) => fail(`its process ended while it started (${signal ?? String(code)})`))
  const control = pipeOf(child, CONTROL)
  control.on('error', () => fail('the pipe to its process broke'))
  const reader = new FrameReader()
  control.on('data', (piece: Buffer) => {
    try {
      for (const { bytes } of reader.take(piece)) hear(decodeValue(bytes) as unknown as StartNews)
    } catch {
      fail('its process told nonsense')
    }
  })
  const frame = encodeFrame(0, orderToWire(order))
  control.write(frame, () => frame.fill(0))
  try {
    return await promise
  } finally {
    clearTimeout(late)
    start.signal.removeEventListener('abort', onAbort)
  }

  function hear(news: StartNews): void {
    switch (news.told) {
      case 'login':
        return start.onLogin()
      case 'sessions':
        return start.onSessions(news.sessions)
      case 'ready':
        return resolve(news)
      case 'failure':
        return reject(failureOf(news.failure as WireObject))
    }
  }
}

function failureOf(failure: WireObject): Error {
  const error = decodeFailure(failure)
  return error instanceof DeviceLost ? new HsmUnavailable(error.message) : error
}
