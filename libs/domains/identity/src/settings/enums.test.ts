import { Reply } from '@strongroom/http'
import { expect, test } from 'vitest'
import { getEnums } from './contract.ts'
import { enums } from './enums.ts'

const offered = async () => {
  const answer = await enums.handle({} as never, {})
  if (!(answer instanceof Reply)) throw new Error('refused')
  return getEnums.reply[200].parse(answer.body).data.attributes
}

test('ten lists are offered, none of them empty, nothing in one twice', async () => {
  const lists = Object.entries(await offered())
  expect(lists.map(([name]) => name)).toEqual([
    'business_type',
    'countries',
    'education',
    'employment_status',
    'entity_type',
    'gender',
    'id_document',
    'industry',
    'marital_status',
    'nationalities',
  ])
  for (const [, choices] of lists) {
    expect(choices.length).toBeGreaterThan(3)
    expect(new Set(choices).size).toBe(choices.length)
    expect(choices.filter((choice) => choice.trim() === '')).toEqual([])
  }
})

test('the countries are those of ISO 3166, each with a name, in the order of an index', async () => {
  const { countries } = await offered()
  expect(countries).toHaveLength(249)
  expect(countries.filter((name) => /^[A-Z]{2}$/.test(name))).toEqual([])
  expect(countries).toEqual(countries.toSorted(new Intl.Collator('en').compare))
  expect(countries.slice(0, 3)).toEqual(['Afghanistan', 'Åland Islands', 'Albania'])
})
