import { expect, test } from 'vitest'
import { openTurns, TooManyAtOnce } from './turns.ts'

/** Work that ends when it is told to, and a clock that stands. */
function desk(wish: { atOnce?: number; mostWaiting?: number; patienceMs?: number } = {}) {
  let time = 0
  const turns = openTurns({ atOnce: 2, mostWaiting: 100, patienceMs: 1000, now: () => time, ...wish })
  const begun: { who: number; end: () => void; fail: (error: Error) => void }[] = []
  const take = (who: number) =>
    turns.take(() => new Promise<number>((resolve, fail) => begun.push({ who, end: () => resolve(who), fail })))
  const settle = () => new Promise((resolve) => setImmediate(resolve))
  return { take, begun, settle, pass: (ms: number) => void (time += ms), who: () => begun.map(({ who }) => who) }
}

test('so many have their turn at once, the others in the order in which they came', async () => {
  const { take, begun, settle, who } = desk()
  const ends = [1, 2, 3, 4, 5].map((one) => take(one))
  await settle()
  expect(who()).toEqual([1, 2])
  begun[1]?.end()
  await settle()
  expect(who()).toEqual([1, 2, 3])
  for (let at = 0; at < 5; at++) {
    begun[at]?.end()
    await settle()
  }
  expect(await Promise.all(ends)).toEqual([1, 2, 3, 4, 5])
})

test('work that fails gives its turn on', async () => {
  const { take, begun, settle, who } = desk({ atOnce: 1 })
  const [first, second] = [take(1), take(2)]
  await settle()
  begun[0]?.fail(new Error('no'))
  await expect(first).rejects.toThrow('no')
  await settle()
  expect(who()).toEqual([1, 2])
  begun[1]?.end()
  expect(await second).toBe(2)
})

test('nobody is let in beyond the line, and nothing is begun for who is sent away', async () => {
  const { take, begun, settle, who } = desk({ mostWaiting: 1 })
  const ends = [1, 2, 3].map((one) => take(one))
  await expect(take(4)).rejects.toMatchObject({ name: 'TooManyAtOnce', retryAfterSeconds: 1 })
  for (let at = 0; at < 3; at++) {
    await settle()
    begun[at]?.end()
  }
  await Promise.all(ends)
  expect(who()).toEqual([1, 2, 3])
})

test('whose turn would come too late is told at once, and when to come', async () => {
  const { take, begun, settle, pass } = desk({ atOnce: 1 })
  const slow = take(0)
  await settle()
  pass(8000)
  begun[0]?.end()
  await slow
  // A turn is taken for a second by now: one may wait, and not two.
  const ends = [take(1), take(2)]
  await expect(take(3)).rejects.toMatchObject({ retryAfterSeconds: 2 })
  for (let at = 1; at < 3; at++) {
    await settle()
    begun[at]?.end()
  }
  expect(await Promise.all(ends)).toEqual([1, 2])
})

test('who waited too long all the same is sent away, and who comes behind has the turn', async () => {
  const { take, begun, settle, pass, who } = desk({ atOnce: 1 })
  const first = take(1)
  const late = Promise.allSettled([take(2)])
  pass(1001)
  const fresh = take(3)
  await settle()
  begun[0]?.end()
  expect(await late).toMatchObject([{ status: 'rejected', reason: expect.any(TooManyAtOnce) as unknown }])
  await settle()
  expect(who()).toEqual([1, 3])
  begun[1]?.end()
  expect(await Promise.all([first, fresh])).toEqual([1, 3])
})
