import { expect, test } from 'vitest'
import { readShift } from './clock.ts'

test.each([
  ['+31d', '31 days'],
  ['+1w2d', '1 weeks 2 days'],
  ['+90m', '90 minutes'],
])('%s is %s', (text, interval) => {
  expect(readShift(text)).toBe(interval)
})

test.each(['', '31d', '-1d', '+', '+d', '+1y', '+1d2d', "+1d'; drop table x", '+1.5d'])('%j is no shift', (text) => {
  expect(readShift(text)).toBeUndefined()
})
