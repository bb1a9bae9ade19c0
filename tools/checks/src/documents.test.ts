import { expect, test } from 'vitest'
import { findDeadLinks, judgeReadme } from './documents.ts'

const whole = ['What it is', 'Promises', 'Use', 'Map', 'Try it', 'Limits']
  .map((heading) => `## ${heading}\n`)
  .join('\n')

test('a README of the six headings is fine', () => {
  expect(judgeReadme('libs/a/README.md', whole)).toEqual([])
})

test.each([
  ['a missing heading', whole.replace('## Limits', '')],
  ['another order', whole.replace('Use', 'x').replace('Map', 'Use').replace('x', 'Map')],
  ['too many lines', `${whole}${'x\n'.repeat(60)}`],
])('%s is found', (_, text) => {
  expect(judgeReadme('libs/a/README.md', text)).toHaveLength(1)
})

test('a link to nothing is found', () => {
  expect(findDeadLinks('README.md', '[a](ARCHITECTURE.md) [b](https://example.com) [c](nowhere.md#x)')).toHaveLength(1)
})
