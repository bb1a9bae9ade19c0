import { expect, test } from 'vitest'
import { judgeOf } from './judge.ts'
import { allOf, optional, type Proof } from './proof.ts'
import { prover } from './prover.ts'
import { Refusal, refusal } from './refusal.ts'

const stranger = refusal({ kind: 'stranger', status: 401, title: 'Who are you?' })
const late = refusal({ kind: 'late', status: 403, title: 'Too late.' })
const badge: Proof<string> = { name: 'badge', reads: { header: 'x-badge' }, refusals: [stranger] }
const ticket: Proof<number> = { name: 'ticket', reads: { field: 'ticket' }, refusals: [late] }
const provers = [
  prover()(badge, ({ headers }) => (headers['x-badge'] === 'ann' ? 'ann' : stranger())),
  prover()(ticket, async ({ input }) => {
    const { ticket: number } = (input.body ?? input.query) as { ticket?: number }
    return number === 7 ? number : late()
  }),
]
const request = (headers: Record<string, string>, input: { body?: unknown; query?: unknown }) => ({
  method: 'POST',
  target: '/',
  rawHeaders: [],
  ip: '127.0.0.1',
  body: new Uint8Array(),
  headers,
  input: { params: undefined, query: input.query, body: input.body },
})
const kindOf = (judged: unknown) => (judged instanceof Refusal ? judged.kind : judged)

test('all of several proofs: each yields under its name, the first that refuses ends it', async () => {
  const judge = judgeOf(allOf({ who: badge, what: ticket }), provers)
  expect(await judge(request({ 'x-badge': 'ann' }, { body: { ticket: 7 } }), {})).toEqual({ who: 'ann', what: 7 })
  expect(kindOf(await judge(request({}, { body: { ticket: 8 } }), {}))).toBe('stranger')
  expect(kindOf(await judge(request({ 'x-badge': 'ann' }, { body: { ticket: 8 } }), {}))).toBe('late')
})

test('an optional proof may be absent; one that is there is judged', async () => {
  const judge = judgeOf(allOf({ who: optional(badge), what: optional(ticket) }), provers)
  expect(await judge(request({}, { query: {} }), {})).toEqual({ who: undefined, what: undefined })
  expect(await judge(request({}, { query: { ticket: 7 } }), {})).toEqual({ who: undefined, what: 7 })
  expect(kindOf(await judge(request({ 'x-badge': '' }, {}), {}))).toBe('stranger')
  expect(kindOf(await judge(request({}, { body: { ticket: 8 } }), {}))).toBe('late')
})

test('a proof that is carried in any of several headers is judged where one of them is there', async () => {
  const either: Proof<string> = { name: 'either', reads: { header: ['x-old', 'x-badge'] }, refusals: [stranger] }
  const judge = judgeOf(optional(either), [prover()(either, () => stranger())])
  for (const name of ['x-old', 'x-badge'])
    expect(kindOf(await judge(request({ [name]: 'x' }, {}), {}))).toBe('stranger')
  expect(await judge(request({ 'x-other': 'x' }, {}), {})).toBeUndefined()
})

test('a proof that nobody can judge stops the start', () => {
  expect(() => judgeOf(allOf({ who: optional(badge) }), [])).toThrow('no prover for badge')
})
