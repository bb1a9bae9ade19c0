import { beforeAll, describe, expect, test } from 'vitest'
import { judgeToken, type Judgement, tokenPromises } from '../src/conformance/index.ts'
import { judgedModules } from './modules.ts'

const executors = ['inline', 'process'] as const

// The promises that operators try on their own modules, one by one, on those that are here and through both executors.
describe.each(judgedModules)('$name', ({ subject, model, lacks, strategies, notes }) => {
  let judgements: Readonly<Record<(typeof executors)[number], Judgement>>
  beforeAll(async () => {
    // Side by side: most of the time each of them waits, for a process to start or an outage to end.
    const judging = executors.map(async (executor) => [executor, await judgeToken({ ...subject, executor })] as const)
    judgements = Object.fromEntries(await Promise.all(judging)) as typeof judgements
  }, 600_000)

  describe.each(executors)('%s', (executor) => {
    test.each(tokenPromises)('$area: $says', ({ says, needs }) => {
      const { failure, outcomes } = judgements[executor]
      expect(failure).toBeUndefined()
      const { verdict, remarks = [] } = outcomes.find((one) => one.says === says) ?? {}
      expect(verdict === 'unsupported' ? [] : remarks.filter((remark) => !notes.includes(remark))).toEqual([])
      expect(verdict).toBe(needs.some((need) => lacks.includes(need)) ? 'unsupported' : 'kept')
    })

    test('it is what it says, proved these strategies and no others, and is weak in these things alone', () => {
      const { survey, outcomes } = judgements[executor]
      expect(survey?.token).toMatchObject({ model, software: true })
      expect(survey?.strategies.toSorted()).toEqual(strategies.toSorted())
      const kept = outcomes.filter(({ verdict }) => verdict === 'kept')
      expect(new Set(kept.flatMap(({ remarks }) => remarks))).toEqual(new Set(notes))
    })
  })
})
