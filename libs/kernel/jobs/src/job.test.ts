import { expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { job, payloadOf } from './job.ts'
import { mountWork } from './mount.ts'
import { perform } from './perform.ts'
import { sweep } from './sweep.ts'
import { startWorker } from './worker.ts'

const openLock = job({ name: 'time-locks.open', payload: z.object({ lockId: z.uuid(), epoch: z.int() }) })
const anyText = job({ name: 'tests.any-text', payload: z.object({ id: z.string() }) })

test.each(['open', 'Time.Open', 'time-locks.', 'time locks.open', `a.${'b'.repeat(127)}`])(
  '%s is no name of a job',
  (name) => {
    expect(() => job({ name, payload: z.object({}) })).toThrow('kebab-case')
  },
)

test('a payload has the declared fields and no others', () => {
  const lockId = '6f0c1f7e-3d1c-4a53-9f3c-1c8d6a3b2e10'
  expect(payloadOf(openLock, { lockId, epoch: 2 })).toBe(`{"lockId":"${lockId}","epoch":2}`)
  // @ts-expect-error: an undeclared field.
  expect(() => payloadOf(openLock, { lockId, epoch: 2, code: '123456' })).toThrow('code')
  // @ts-expect-error: a missing field.
  expect(() => payloadOf(openLock, { lockId })).toThrow('epoch')
})

test.each(['ann@example.com', 'two words', 'c2VjcmV0Cg==', 'x'.repeat(129), ''])('%s is no id', (id) => {
  expect(() => payloadOf(anyText, { id })).toThrow('carries ids only, and id of tests.any-text')
})

test('what holds more than ids does not compile', () => {
  // @ts-expect-error: an object inside.
  expect(() => job({ name: 'tests.nested', payload: z.object({ person: z.object({}) }) })).not.toThrow()
  // @ts-expect-error: a flag.
  expect(() => job({ name: 'tests.flag', payload: z.object({ urgent: z.boolean() }) })).not.toThrow()
})

test('handlers and sweeps are given what they declare, added up by the compiler', () => {
  const one = perform<{ mail: () => void }>()(openLock, async ({ lockId, epoch }, { mail }) => {
    expectTypeOf(lockId).toEqualTypeOf<string>()
    expectTypeOf(epoch).toEqualTypeOf<number>()
    mail()
  })
  const two = sweep<{ count: number }>()({ name: 'tests.sweep', every: 1, run: async () => undefined })
  mountWork({ jobs: [one], sweeps: [two], deps: { mail: () => undefined, count: 1 } })
  // @ts-expect-error: what the sweep needs is missing.
  mountWork({ jobs: [one], sweeps: [two], deps: { mail: () => undefined } })
})

test('two handlers of one kind are refused', () => {
  const work = mountWork({ jobs: [perform<object>()(openLock, async () => undefined)], deps: {} })
  expect(() => startWorker({ connectionString: 'postgres://nowhere', work: [work, work] })).toThrow('time-locks.open')
})
