import { expect, test } from 'vitest'
import { compat, prove, proveSigned, strict, yields } from '../test/prove-signed.ts'
import { idOf, signatureOf, signedHeaders, strictly } from '../test/request-signer.ts'
import { movableClock } from '../test/signer.ts'

test('a signature is good for no other path, query, method or key', async () => {
  for (const wish of [{}, strictly()]) {
    const headers = signedHeaders({ target: '/a?b=1', ...wish })
    for (const other of [{ target: '/a' }, { target: '/a?b=2' }, { target: '/a?b=1', method: 'DELETE' }])
      expect(await prove({ ...wish, ...other }, headers, wish.covered ? strict() : compat)).toBe('signature-refused')
    const eve = headers.map(([name, value]) => [name, value.replace(idOf('ann'), idOf('eve'))] as const)
    expect(await prove({ target: '/a?b=1', ...wish }, eve, wish.covered ? strict() : compat)).toBe('signature-refused')
  }
})

test('strict: the same signature again is refused, whatever surrounds it; the same request signed anew is answered', async () => {
  const rules = strict()
  const now = Date.now()
  const wish = strictly({ body: '{}', method: 'POST', date: new Date(now - 5000) })
  const headers = signedHeaders(wish)
  expect(await prove(wish, headers, rules)).toEqual(yields('(request-target) date digest'))
  const moved = headers.map(([name, value]) =>
    name === 'signature' ? (['Authorization', value] as const) : ([name, value] as const),
  )
  for (const again of [headers, moved, headers.toReversed(), [...headers, ['X-Noise', '1'] as const]])
    expect(await prove(wish, again, rules)).toBe('signature-refused')
  expect(await proveSigned(strictly({ body: '{}', method: 'POST', date: new Date(now) }), rules)).toMatchObject({
    keyId: idOf('ann'),
  })
})

test('strict: pages of browsers date by x-date, which is judged and ends as a date does, whatever date stands beside it', async () => {
  const now = Math.floor(Date.now() / 1000) * 1000
  const [date, old] = [new Date(now), new Date(now - 3_610_000)]
  for (const [dateHeader, other] of [
    ['x-date', 'date'],
    ['date', 'x-date'],
  ] as const) {
    const rules = strict()
    const wish = strictly({ dateHeader, date, headers: [[other, old.toUTCString()]] })
    expect(await proveSigned(wish, rules)).toEqual(yields(`(request-target) ${dateHeader} digest`))
    expect(await proveSigned(wish, rules)).toBe('signature-refused')
    const end = new Date(now + 3_600_000)
    expect(rules.ends).toEqual([end, end])
    const stale = strictly({ dateHeader, date: old, headers: [[other, date.toUTCString()]] })
    expect(await proveSigned(stale, strict())).toBe('signature-refused')
  }
})

test('strict: two signed dates are refused, the same or not: which one ends it is nobody’s choice', async () => {
  const [now, before] = [new Date(), new Date(Date.now() - 60_000)].map((date) => date.toUTCString())
  for (const other of [now, before]) {
    const wish = strictly({ headers: [['x-date', other ?? '']] })
    expect(await proveSigned({ ...wish, covered: '(request-target) x-date date digest' }, strict())).toBe(
      'signature-refused',
    )
  }
})

test('strict: two like requests of one second are two, where something else that is signed tells them apart', async () => {
  const rules = strict()
  const date = new Date()
  const sent = (nonce: string) => {
    const wish = strictly({ date, headers: [['x-nonce', nonce]] })
    return proveSigned({ ...wish, covered: `${wish.covered ?? ''} x-nonce` }, rules)
  }
  const covered = '(request-target) date digest x-nonce'
  expect([await sent('1'), await sent('2'), await sent('1')]).toEqual([
    yields(covered),
    yields(covered),
    'signature-refused',
  ])
})

/** Whatever the signature of this second begins with. */
const otherLetter = (begin: string): string => `signature="${begin.endsWith('A') ? 'B' : 'A'}`

test('strict: a forgery uses up nothing', async () => {
  const rules = strict()
  const wish = strictly()
  const forged = signedHeaders(wish).map(([name, value]) => [name, value.replace(/signature="./, otherLetter)] as const)
  expect(await prove(wish, forged, rules)).toBe('signature-refused')
  expect(await proveSigned(wish, rules)).toMatchObject({ source: 'signature' })
})

test('strict: a date out of its hour is refused, however the process’s clock stands', async () => {
  const { clock, move } = movableClock()
  const wish = strictly()
  move(3610)
  expect(await proveSigned(wish, strict(clock))).toBe('signature-refused')
  move(-3610 - 600)
  expect(await proveSigned(wish, strict(clock))).toBe('signature-refused')
})

test('the twin with another S is no signature', async () => {
  const order = 2n ** 252n + 27742317777372353535851937790883648493n
  const text = signatureOf({})
  const encoded = /signature="([^"]*)"/.exec(text)?.[1] ?? ''
  const bytes = Buffer.from(encoded, 'base64')
  const twin = BigInt(`0x${Buffer.from(bytes.subarray(32).toReversed()).toString('hex')}`) + order
  const tail = Buffer.from(twin.toString(16).padStart(64, '0'), 'hex').toReversed()
  const other = text.replace(encoded, Buffer.concat([bytes.subarray(0, 32), tail]).toString('base64'))
  expect(await prove({}, [['signature', other]])).toBe('signature-refused')
})

test('compat: what it allows, exactly: the same target again and again, with any body', async () => {
  const headers = signedHeaders({ method: 'POST' })
  for (const body of ['{"a":1}', '{"a":2}'])
    expect(await prove({ method: 'POST', body }, headers)).toEqual(yields('(request-target)'))
  expect(await prove({ method: 'POST' }, headers, strict())).toBe('signature-refused')
})
