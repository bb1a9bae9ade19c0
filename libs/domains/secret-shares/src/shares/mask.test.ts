import { expect, test } from 'vitest'
import { maskEmail } from './mask.ts'

test.each([
  ['jackson@gmail.com', 'j******@gmail.com'],
  ['ab@example.com', 'a*@example.com'],
  ['a@example.com', 'a@example.com'],
  ['@example.com', '****@****'],
  ['no address', '****@****'],
  ['', '****@****'],
])('%j is shown as %s', (email, masked) => {
  expect(maskEmail(email)).toBe(masked)
})
