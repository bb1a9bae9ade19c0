import { Secret } from '@strongroom/crypto'
import { expect, test } from 'vitest'
import { sql } from './sql.ts'

test('a value is bound, whatever it holds', () => {
  const hostile = "'; drop table keys; --"
  expect(sql`select ${hostile}, ${1}`).toMatchObject({ text: 'select $1, $2', values: [hostile, 1] })
})

test('a fragment is taken in with its parameters renumbered', () => {
  const inner = sql`b = ${2} and c = ${3}`
  const { text, values } = sql`select ${1} where ${inner} or d = ${4}`
  expect({ text, values }).toEqual({ text: 'select $1 where b = $2 and c = $3 or d = $4', values: [1, 2, 3, 4] })
})

test('a fragment without parameters, twice, and at both ends', () => {
  const now = sql`strongroom.now()`
  expect(sql`${now} < ${now}`.text).toBe('strongroom.now() < strongroom.now()')
})

test('a secret cannot be bound', () => {
  expect(() => sql`select ${new Secret('1234')}`).toThrow('seal it first')
})

test('a view of bytes is bound as that view, not as the buffer behind it', () => {
  const bytes = Uint8Array.of(1, 2, 3, 4).subarray(1, 3)
  expect(sql`select ${bytes}`.values).toEqual([Buffer.from([2, 3])])
})
