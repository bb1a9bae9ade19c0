import { expect, test } from 'vitest'
import { limiter } from './limiter.ts'

const minute = (points: number) => ({ points, window: 60 })
const takes = async (limit: ReturnType<typeof limiter>, names: readonly string[]) =>
  (await Promise.all(names.map((name) => limit.take(name)))).filter((until) => until === undefined).length

test('each name has its share', async () => {
  const limit = limiter({ each: minute(2), all: minute(100) })
  expect(await takes(limit, ['a', 'a', 'a', 'b'])).toBe(3)
  const until = await limit.take('a')
  expect(until && until.getTime() - Date.now()).toBeGreaterThan(0)
})

test('all names together have theirs', async () => {
  expect(await takes(limiter({ each: minute(2), all: minute(3) }), ['a', 'b', 'c', 'd', 'e'])).toBe(3)
})

test('what one name is refused does not count against all', async () => {
  const limit = limiter({ each: minute(1), all: minute(2) })
  expect(await takes(limit, ['a', 'a', 'a', 'a', 'b'])).toBe(2)
})
