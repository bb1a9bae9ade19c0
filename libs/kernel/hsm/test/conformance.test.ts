import { beforeAll, describe, expect, test } from 'vitest'
import { judgeToken, type Judgement, tokenPromises } from '../src/conformance/index.ts'
import { judgedModules } from './judged-modules.ts'

// The promises that operators try on their own modules, one by one, on those that are here.
describe.each(judgedModules)('$name', ({ subject, lacks, strategies, notes }) => {
  let judgement: Judgement
  beforeAll(async () => {
    judgement = await judgeToken(subject)
  }, 600_000)

  test.each(tokenPromises)('$area: $says', ({ says, needs }) => {
    expect(judgement.failure).toBeUndefined()
    const outcome = judgement.outcomes.find((one) => one.says === says)
    expect(outcome?.remarks.filter((remark) => !notes.includes(remark) && outcome.verdict !== 'unsupported')).toEqual(
      [],
    )
    expect(outcome?.verdict).toBe(needs.some((need) => lacks.includes(need)) ? 'unsupported' : 'kept')
  })

  test('it proved these strategies and no others', () => {
    expect(judgement.survey?.strategies.toSorted()).toEqual(strategies.toSorted())
  })
})
