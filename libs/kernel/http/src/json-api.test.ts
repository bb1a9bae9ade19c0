import { expect, test } from 'vitest'
import { z } from 'zod'
import { jsonApi } from './contract.ts'

const wallet = jsonApi.resource('wallet', { email: z.string() }, { kdf: jsonApi.toOne('kdf') })
const kdf = jsonApi.resource('kdf', { bits: z.int() }).extend({ id: z.literal(2) })

test('what is answered has ids that are strings, but where a resource says number', () => {
  const shape = jsonApi.document(wallet, { included: kdf })
  const answer: z.input<typeof shape> = {
    data: {
      id: 'w1',
      type: 'wallet',
      attributes: { email: 'a@example.com' },
      relationships: { kdf: { data: { id: '2', type: 'kdf' } } },
    },
    included: [{ id: 2, type: 'kdf', attributes: { bits: 256 } }],
  }
  expect(shape.parse(answer)).toEqual(answer)
  expect(jsonApi.identifier('kdf').safeParse({ id: 2, type: 'kdf' }).success).toBe(false)
  // @ts-expect-error a number where nobody said so
  const wrong: z.input<typeof wallet>['id'] = 1
  expect(wrong).toBe(1)
})

test('a type may be one of several, and each is known to the compiler', () => {
  const factor = jsonApi.resource(['password', 'totp'], { priority: z.int() })
  const type: z.input<typeof factor>['type'] = 'totp'
  expect(factor.parse({ id: '1', type, attributes: { priority: 1 } }).type).toBe('totp')
  expect(factor.safeParse({ id: '1', type: 'sms', attributes: { priority: 1 } }).success).toBe(false)
})

const given = jsonApi.givenDocument(
  jsonApi.givenResource(
    'wallet',
    { email: z.string() },
    { kdf: jsonApi.givenToOne('kdf'), signers: jsonApi.givenToMany('signer') },
  ),
  {
    included: [
      jsonApi.includedResource('password', { salt: z.string() }),
      jsonApi.includedResource('signer', { weight: z.int() }),
    ],
  },
)
const brought = (changed: Record<string, unknown> = {}) => ({
  data: {
    id: 7,
    type: 'wallet',
    attributes: { email: 'a@example.com', colour: 'red' },
    relationships: { kdf: { data: { id: 2 } }, signers: { data: [{ id: 'GA', type: 'signer' }] } },
    links: {},
  },
  jsonapi: { version: '1.1' },
  ...changed,
})

test('what is brought has ids of either kind, and members that nobody knows are ignored', () => {
  expect(given.parse(brought())).toEqual({
    data: {
      id: '7',
      type: 'wallet',
      attributes: { email: 'a@example.com' },
      relationships: { kdf: { data: { id: '2' } }, signers: { data: [{ id: 'GA', type: 'signer' }] } },
    },
    included: [],
  })
})

test.each([1.5, -0.1, '', null, true, 2 ** 60, 'x'.repeat(513)])('%j is no id', (id) => {
  expect(jsonApi.GivenId.safeParse(id).success).toBe(false)
})

test('null and unknown types in included are passed over, and a pointer keeps the index of the caller', () => {
  const password = { type: 'password', id: 1, attributes: { salt: 'c2FsdA==' } }
  const signer = { type: 'signer', id: 'GA', attributes: { weight: 1 } }
  const { included } = given.parse(brought({ included: [null, password, { type: 'location', id: '1:2' }, signer] }))
  expect(included).toEqual([{ ...password, id: '1' }, signer])
  const wrong = given.safeParse(brought({ included: [null, { ...signer, attributes: { weight: 'much' } }] }))
  expect(wrong.error?.issues[0]?.path).toEqual(['included', 1, 'attributes', 'weight'])
  expect(given.parse(brought({ included: [4, 'x', [], { type: null }] }))).toMatchObject({ included: [] })
  expect(given.safeParse(brought({ included: { 0: password } })).success).toBe(false)
})

const filtered = (number: number) =>
  `/identities?filter[email]=a%2Bb%40example.com&page[number]=${String(number)}&page[limit]=15`

test('links lead with a slash, name the limit, and keep brackets and filters', () => {
  const query = { 'filter[email]': 'a+b@example.com', 'filter[phone]': undefined }
  const links = jsonApi.pageLinks({ path: '/identities', query, page: { number: 2, limit: 15 }, total: 46 })
  const [first, self, next, last] = [1, 2, 3, 4].map(filtered)
  expect(links).toEqual({ self, first, prev: first, next, last })
})

const link = (number: number) => `/x?page[number]=${String(number)}&page[limit]=10`
const on = (number: number, extent: { total: number } | { more: boolean }) =>
  jsonApi.pageLinks({ path: '/x', page: { number, limit: 10 }, ...extent })

test('the last page has no next one, nor has the only one, which may be empty', () => {
  expect(on(1, { total: 0 })).toEqual({ self: link(1), first: link(1), last: link(1) })
  expect(on(2, { total: 20 })).toEqual({ self: link(2), first: link(1), prev: link(1), last: link(2) })
  expect(on(1, { more: true }).next).toBe(link(2))
  expect(on(1, { more: false })).toEqual({ self: link(1), first: link(1) })
})

test('pages are asked for by number and limit, within bounds, and in an order', () => {
  const shape = z.object(jsonApi.pageQuery({ most: 40 }))
  expect(shape.parse({})).toEqual({ 'page[number]': 1, 'page[limit]': 15 })
  expect(shape.parse({ 'page[number]': '3', 'page[limit]': '40' })).toEqual({ 'page[number]': 3, 'page[limit]': 40 })
  for (const order of ['asc', 'desc'])
    expect(shape.parse({ 'page[order]': order })).toMatchObject({ 'page[order]': order })
  for (const wrong of [
    { 'page[number]': '0' },
    { 'page[order]': 'ASC' },
    { 'page[order]': '' },
    { 'page[limit]': '41' },
    { 'page[number]': '' },
    { 'page[limit]': ['1', '2'] },
  ])
    expect(shape.safeParse(wrong).success).toBe(false)
})
