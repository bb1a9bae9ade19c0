import { expect, test } from 'vitest'
import { HsmUnavailable } from '../errors.ts'
import { SessionPool } from './session-pool.ts'

const session = { close: () => undefined }
const poolOf = (patienceMs?: number) =>
  new SessionPool({ size: 2, open: () => session, ...(patienceMs !== undefined && { patienceMs }) })

test('a burst waits for its turns, two at a time, and nobody of it is sent away', async () => {
  const pool = poolOf()
  let [now, most] = [0, 0]
  const work = async () => {
    most = Math.max(most, ++now)
    await new Promise((resolve) => setImmediate(resolve))
    now--
    return 'done'
  }
  const done = await Promise.all(Array.from({ length: 2000 }, () => pool.use(work)))
  expect(new Set(done)).toEqual(new Set(['done']))
  expect(most).toBe(2)
})

test('who would wait for longer than the patience is told so, and leaves the line to others', async () => {
  const pool = poolOf(50)
  const gate = Promise.withResolvers<string>()
  const holding = [1, 2].map(() => pool.use(() => gate.promise))
  await expect(pool.use(async () => 'never')).rejects.toThrow(HsmUnavailable)
  const late = pool.use(async () => 'soon')
  gate.resolve('held')
  expect(await Promise.all([...holding, late])).toEqual(['held', 'held', 'soon'])
  expect(await pool.use(async () => 'after')).toBe('after')
})

test('beyond the line callers are sent away at once; closing sends away all of it', async () => {
  const pool = poolOf()
  const gate = Promise.withResolvers<string>()
  const holding = [1, 2].map(() => pool.use(() => gate.promise))
  const waiting = Array.from({ length: 4096 }, () => pool.use(async () => 'never'))
  const ends = Promise.allSettled(waiting)
  await expect(pool.use(async () => 'never')).rejects.toThrow('too many calls wait')
  pool.close()
  expect(new Set((await ends).map(({ status }) => status))).toEqual(new Set(['rejected']))
  gate.resolve('held')
  expect(await Promise.all(holding)).toEqual(['held', 'held'])
  await expect(pool.use(async () => 'never')).rejects.toThrow('closed')
})
