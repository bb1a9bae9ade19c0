import { expect, test } from 'vitest'
import { compat, prove, proveSigned, strict } from '../test/prove-signed.ts'
import { digestOf, type Headers, idOf, signatureOf, signedHeaders, strictly } from '../test/request-signer.ts'

test('a digest that was signed is the body’s, in both profiles', async () => {
  const wish = strictly({ method: 'PUT', body: '{"to":"ann"}' })
  const headers = signedHeaders(wish)
  for (const rules of [compat, strict()]) {
    expect(await prove({ ...wish, body: '{"to":"eve"}' }, headers, rules)).toBe('signature-refused')
    expect(await prove(wish, headers, rules)).toMatchObject({ keyId: idOf('ann') })
  }
  for (const digest of [
    '',
    'MD5=abc',
    `MD5=abc,${digestOf('')}`,
    digestOf('').replace('=', ':'),
    digestOf('').slice(8),
  ])
    expect(await proveSigned({ headers: [['digest', digest]], covered: '(request-target) digest' })).toBe(
      'signature-refused',
    )
  const lower: Headers = [['digest', digestOf('').replace('SHA', 'sha')]]
  expect(await proveSigned({ headers: lower, covered: '(request-target) digest' })).toMatchObject({
    source: 'signature',
  })
})

test.each(['(request-target) date', '(request-target) digest', 'date digest', '(request-header) date digest'])(
  'strict: %s alone is not enough',
  async (covered) => {
    expect(await proveSigned({ ...strictly(), covered }, strict())).toBe('signature-refused')
  },
)

test('a covered header that came twice, folded, altered or not at all is refused', async () => {
  const date = new Date().toUTCString()
  const wish = {
    headers: [
      ['date', date],
      ['account', 'ann'],
    ] as const,
    covered: '(request-target) date account',
  }
  const signature = ['signature', signatureOf(wish)] as const
  expect(await prove(wish, [...wish.headers, signature])).toMatchObject({ keyId: idOf('ann') })
  for (const headers of [
    [
      ['date', date],
      ['account', 'ann'],
      ['account', 'ann'],
    ],
    [
      ['date', date],
      ['date', date],
      ['account', 'ann'],
    ],
    [
      ['date', `${date}, ${date}`],
      ['account', 'ann'],
    ],
    [
      ['date', date],
      ['account', 'ann, ann'],
    ],
    [
      ['date', date],
      ['account', 'ann\r\n '],
    ],
    [
      ['date', date],
      ['account', 'änn'],
    ],
    [
      ['date', date],
      ['account', 'eve'],
    ],
    [['date', date]],
  ] as const)
    expect(await prove(wish, [...headers, signature])).toBe('signature-refused')
})

test('what is not printable ASCII is refused, though it was signed so: who reads it decides what it says', async () => {
  for (const value of ['änn', 'ann\tb', 'ann\u007f'])
    expect(await proveSigned({ headers: [['account', value]], covered: '(request-target) account' })).toBe(
      'signature-refused',
    )
  expect(await proveSigned({ target: '/ä' })).toBe('signature-refused')
  expect(await proveSigned({ target: '/a\ndate: b' })).toBe('signature-refused')
})

test('lines may not be moved: the order that was signed is the order that is read', async () => {
  const headers: Headers = [['date', new Date().toUTCString()]]
  const text = signatureOf({ headers, covered: 'date (request-target)' })
  const turned = text.replace('date (request-target)', '(request-target) date')
  expect(await prove({}, [...headers, ['signature', turned]])).toBe('signature-refused')
})

test('two signatures are read by nobody, wherever they stand', async () => {
  const [ann, eve] = [signatureOf({}), signatureOf({ who: 'eve' })]
  for (const headers of [
    [
      ['Signature', ann],
      ['Authorization', ann],
    ],
    [
      ['signature', ann],
      ['Signature', eve],
    ],
    [
      ['authorization', ann],
      ['Authorization', eve],
    ],
    [
      ['signature', ann],
      ['X-AuthSignature', 'x'],
    ],
    [['signature', `${ann}, ${eve}`]],
  ] as const)
    expect(await prove({}, headers)).toBe('signature-unreadable')
})
