import { expect, test } from 'vitest'
import { findStale, makeGolden } from './golden.ts'

test('the golden files are what the code says', async () => {
  expect(findStale(await makeGolden())).toEqual([])
})

test('a file that is not what the code says is found', () => {
  expect(
    findStale([
      { path: 'README.md', text: 'another' },
      { path: 'no-such-file', text: '' },
    ]),
  ).toEqual(['README.md', 'no-such-file'])
})
