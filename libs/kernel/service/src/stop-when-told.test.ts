import { EventEmitter } from 'node:events'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { openLog } from './log.ts'
import { stopWhenTold, type Told } from './stop-when-told.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function told(stop: () => Promise<void>) {
  const [signals, outcomes] = [new EventEmitter(), [] as Parameters<Told['ended']>[0][]]
  const counted = vi.fn<() => Promise<void>>(stop)
  const log = openLog('tea-house', 'silent')
  stopWhenTold({ stop: counted, stopSeconds: 20 }, { log, signals, ended: (outcome) => void outcomes.push(outcome) })
  return { signals, outcomes, counted }
}

test.each(['SIGTERM', 'SIGINT', 'disconnect'])('%s drains, once', async (signal) => {
  const { signals, outcomes, counted } = told(() => Promise.resolve())
  signals.emit(signal)
  signals.emit('SIGTERM')
  await vi.advanceTimersByTimeAsync(1)
  expect([counted.mock.calls.length, outcomes]).toEqual([1, ['drained']])
})

test('what fails while it stops is told', async () => {
  const error = new Error('away')
  const { signals, outcomes } = told(() => Promise.reject(error))
  signals.emit('SIGTERM')
  await vi.advanceTimersByTimeAsync(1)
  expect(outcomes).toEqual([{ error }])
})

test('a process that hangs while it drains is ended after three times the seconds of a step', async () => {
  const { signals, outcomes } = told(() => new Promise(() => undefined))
  signals.emit('SIGTERM')
  await vi.advanceTimersByTimeAsync(59_999)
  expect(outcomes).toEqual([])
  await vi.advanceTimersByTimeAsync(1)
  expect(outcomes).toEqual(['too late'])
})
