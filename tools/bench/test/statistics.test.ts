import { expect, test } from 'vitest'
import { interleave } from '../src/interleave.ts'
import { judge, toMarkdown } from '../src/line.ts'
import { readAnswer } from '../src/load/read-answer.ts'
import { readOptions } from '../src/options.ts'
import { median, percentile, slope } from '../src/statistics.ts'

test('median, percentile and slope are those of the textbooks', () => {
  expect(median([5, 1, 3])).toBe(3)
  expect(median([4, 1, 3, 2])).toBe(2.5)
  expect(percentile([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 0.5)).toBe(6)
  expect(percentile([1, 2, 3], 1)).toBe(3)
  expect(slope([1, 2, 3].map((x) => ({ x, y: 7 - 2 * x })))).toBeCloseTo(-2)
})

test('sides are measured in turn, and a round that is slow for all of them does not change their ratio', async () => {
  const order: string[] = []
  const weather = [1, 10, 100]
  const side = (name: string, speed: number) => {
    let round = 0
    return () => {
      order.push(name)
      return Promise.resolve(speed * (weather[round++] ?? 0))
    }
  }
  const { values, ratio } = await interleave([side('a', 3), side('b', 6)], weather.length)
  expect(order.join('')).toBe('ababab')
  expect(values).toEqual([30, 60])
  expect(ratio(0, 1)).toBe(0.5)
})

test('an answer counts when all of it is here', () => {
  const whole = 'HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\nnone'
  expect(readAnswer(Buffer.from(whole))).toEqual({ status: 404, body: Buffer.from('none') })
  expect(readAnswer(Buffer.from(whole.slice(0, -3)))).toBe(3)
  expect(readAnswer(Buffer.from(whole.slice(0, 30)))).toBe(1)
})

test('so does one in chunks', () => {
  const whole = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\na\r\n0123456789\r\n0\r\n\r\n'
  expect(readAnswer(Buffer.from(whole))).toEqual({ status: 200, body: Buffer.from('abc0123456789') })
  for (let length = 0; length < whole.length; length++) {
    const missing = readAnswer(Buffer.from(whole.slice(0, length)))
    expect(typeof missing === 'number' && missing > 0 && missing <= whole.length - length).toBe(true)
  }
  expect(() => readAnswer(Buffer.from(`${whole}H`))).toThrow('more came back')
})

test('more than one answer, or one without a length, is an error and not a figure', () => {
  const whole = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
  expect(() => readAnswer(Buffer.from(whole + whole))).toThrow('more came back')
  expect(() => readAnswer(Buffer.from('HTTP/1.1 200 OK\r\n\r\n'))).toThrow('without a length')
})

test('a goal has one bound or two, and a line without a goal has no verdict', () => {
  expect(judge({ figure: 0.6, goal: { least: 0.6 } })).toBe('meets')
  expect(judge({ figure: 0.59, goal: { least: 0.6 } })).toBe('misses')
  expect(judge({ figure: 1.2, goal: { least: 0.9, most: 1.1 } })).toBe('misses')
  expect(judge({ figure: 1 })).toBe('')
  const line = { operation: 'o', peer: 'p', ours: '3', theirs: '4', figure: 0.75, goal: { least: 0.7 } }
  expect(toMarkdown([line]).split('\n')[2]).toBe('| o | p | 3 | 4 | 0.75 | at least 0.7 | meets |')
})

test('an unknown row is refused, and the known ones are named', () => {
  expect(readOptions(['--quick', '--only', 'a'], ['a', 'b'])).toEqual({ depth: 'quick', only: ['a'] })
  expect(() => readOptions(['--only', 'c'], ['a', 'b'])).toThrow('there is a, b')
})
