import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import vectors from '../../../../test/vectors/tokend-request-signature.json' with { type: 'json' }
import { prove, proveSigned, yields } from '../test/prove-signed.ts'
import { arriving, type Headers, idOf, signatureOf, signedHeaders } from '../test/request-signer.ts'
import type { SignatureRules } from './prove-request-signature.ts'
import { signingString } from './signing-string.ts'

test.each(vectors.signed)(
  '$name: the published signature is good, half a minute after it was made',
  async ({ method, target, ...vector }) => {
    const headers: Headers = [
      ...Object.entries(vector.headers).filter((header): header is [string, string] => typeof header[1] === 'string'),
      [
        'Authorization',
        `keyId="${vector.keyId}",algorithm="ed25519-sha256",headers="${vector.covered}",signature="${vector.signature}"`,
      ],
    ]
    const text = signingString(arriving({ method, target }, headers), vector.covered.split(' ')) ?? ''
    expect(text).toBe(vector.signingString)
    expect(createHash('sha256').update(text).digest('hex')).toBe(vector.sha256)
    const made = vector.headers.date === undefined ? Date.now() : Date.parse(vector.headers.date)
    const clock = () => new Date(made + 30_000)
    expect(await prove({ method, target }, headers, { profile: 'compat', clock })).toEqual({
      keyId: vector.keyId,
      covered: vector.covered.split(' '),
      source: 'signature',
    })
  },
)

test('in Signature or in Authorization, with the word or without; Account-Id comes along unsigned', async () => {
  const signature = signatureOf({})
  for (const header of [
    ['Signature', signature],
    ['authorization', signature],
    ['Authorization', `Signature ${signature}`],
  ] as const)
    expect(await prove({}, [header])).toEqual(yields('(request-target)'))
  expect(
    await prove({}, [
      ['signature', signature],
      ['Account-Id', idOf('eve')],
    ]),
  ).toMatchObject({ accountId: idOf('eve') })
  expect(
    await prove({}, [
      ['signature', signature],
      ['Account-Id', ''],
    ]),
  ).toEqual(yields('(request-target)'))
  expect(
    await prove({}, [
      ['signature', signature],
      ['Account-Id', 'G1'],
    ]),
  ).toBe('signature-unreadable')
  const two = [idOf('ann'), idOf('eve')].map((id) => ['Account-Id', id] as const)
  expect(await prove({}, [['signature', signature], ...two])).toBe('signature-unreadable')
})

test('the target is what came over the wire, nothing decoded, and what the documents call request-header', async () => {
  const target = '/identities?filter[email]=a%20b%2Bc@example.com&page[number]=1'
  expect(await proveSigned({ target })).toEqual(yields('(request-target)'))
  expect(await proveSigned({ target, covered: '(request-header)' })).toEqual(yields('(request-header)'))
  for (const other of [
    target.replace('%20', '+'),
    target.replace('[', '%5B'),
    `${target}&`,
    decodeURIComponent(target),
  ])
    expect(await prove({ target: other }, signedHeaders({ target }))).toBe('signature-refused')
})

test('none at all, or one that does not cover the target, is refused', async () => {
  expect(await prove({}, [])).toBe('signature-refused')
  const headers: Headers = [['date', new Date().toUTCString()]]
  expect(await proveSigned({ headers, covered: 'date' })).toBe('signature-refused')
})

test.each([
  [-3590, true],
  [-3605, false],
  [55, true],
  [65, false],
])('a signed date %i seconds from now is fresh: %s', async (seconds, fresh) => {
  const now = new Date()
  const date = new Date(now.getTime() + seconds * 1000).toUTCString()
  const rules: SignatureRules = { profile: 'compat', clock: () => now }
  for (const name of ['date', 'x-date']) {
    const covered = `${name} (request-target)`
    const judged = await proveSigned({ headers: [[name, date]], covered }, rules)
    expect(judged).toEqual(fresh ? yields(covered) : 'signature-refused')
  }
})

test('the date that is judged is the one that was signed, and it must be a date', async () => {
  const old: Headers = [['date', new Date(Date.now() - 7_200_000).toUTCString()]]
  const wish = { headers: old, covered: 'date (request-target)' }
  expect(await prove(wish, [...signedHeaders(wish), ['x-date', new Date().toUTCString()]])).toBe('signature-refused')
  for (const text of ['', 'yesterday', new Date().toISOString(), `Xxx${new Date().toUTCString().slice(3)}`])
    expect(await proveSigned({ headers: [['date', text]], covered: 'date (request-target)' })).toBe('signature-refused')
  expect(await proveSigned({ headers: old })).toEqual(yields('(request-target)'))
})

const claiming = (claimed: string, target: string, rules?: SignatureRules) =>
  proveSigned({ target, headers: [['real-request-target', claimed]], covered: 'real-request-target' }, rules)

test('real-request-target counts where it is the target, or what the operator’s gateway makes of it', async () => {
  const behind: SignatureRules = { profile: 'compat', trustedTarget: ({ target }) => `/_/api${target}` }
  expect(await claiming('get /users', '/users')).toEqual(yields('real-request-target'))
  for (const claimed of ['get /other', 'post /users', 'GET /users', 'get /_/api/users', ''])
    expect(await claiming(claimed, '/users')).toBe('signature-refused')
  expect(await claiming('get /_/api/users', '/users', behind)).toEqual(yields('real-request-target'))
  expect(await claiming('get /_/api/other', '/users', behind)).toBe('signature-refused')
})
