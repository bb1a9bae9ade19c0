import { describe, expect, test } from 'vitest'
import { type Judged, judgeRefresh } from './rules.ts'

const now = new Date('2026-01-15T10:00:00Z')
const at = (seconds: number) => new Date(now.getTime() + seconds * 1000)
const fresh: Judged = {
  now,
  closed: false,
  ended: null,
  state: 'active',
  expiresAt: at(60),
  usedAt: null,
  followed: false,
  hasSuccessor: false,
}
const used: Judged = { ...fresh, usedAt: at(-30), hasSuccessor: true }
const judge = (row: Judged) => judgeRefresh(row, 30)

describe('a refresh token', () => {
  test('that nobody used is used up for the next', () => {
    expect(judge(fresh)).toBe('rotate')
  })

  test('that was used a moment ago answers the same successor, until that one is used', () => {
    expect(judge(used)).toBe('again')
    expect(judge({ ...used, followed: true })).toBe('reused')
    expect(judge({ ...used, usedAt: at(-30.001) })).toBe('reused')
    expect(judge({ ...used, hasSuccessor: false })).toBe('refused')
  })

  test.each([
    ['its key is not on the chain yet', { state: 'pending' }],
    ['its key was revoked', { state: 'revoked' }],
    ['the account was closed', { closed: true }],
    ['the family ended with its key', { ended: 'key-revoked' }],
    ['it expires this very moment', { expiresAt: now }],
  ] as const)('is good for nothing where %s, and ends nothing', (_, change) => {
    expect(judge({ ...fresh, ...change })).toBe('refused')
    expect(judge({ ...used, ...change })).toBe('refused')
  })

  test('of a family that was used twice stays reused, whichever of it is brought', () => {
    expect(judge({ ...fresh, ended: 'reused' })).toBe('reused')
    expect(judge({ ...used, ended: 'reused', closed: true })).toBe('reused')
  })
})
