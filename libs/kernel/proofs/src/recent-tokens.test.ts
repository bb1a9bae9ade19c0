import { createLocalJWKSet, type JWTPayload } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { json, type KeyServer, startKeyServer } from '../test/key-server.ts'
import { movableClock, signer, type Signer } from '../test/signer.ts'
import { recentTokens } from './recent-tokens.ts'
import { tokenVerifier } from './token-verifier.ts'

const issuer = 'https://login.example.com/'
const audience = 'keys'
const seconds = () => Math.floor(Date.now() / 1000)
const good = (lifetime = 600): JWTPayload => ({ iss: issuer, aud: audience, sub: 'ann', exp: seconds() + lifetime })

let server: KeyServer
let ours: Signer
beforeAll(async () => {
  ours = await signer('k1')
  server = await startKeyServer(json({ keys: [ours.publicKey] }))
})
afterAll(() => server.stop())

const keys = createLocalJWKSet({ keys: [] })
const at = (second: number) => new Date(second * 1000)
const keepOne = (exp = 1000) => {
  const recent = recentTokens()
  recent.keep('a.b.c', { sub: 'ann', exp }, { keys, now: at(0) })
  return recent
}

test('what was verified is known for a minute', () => {
  const recent = keepOne()
  expect(recent.find('a.b.c', keys, at(59))).toEqual({ sub: 'ann', exp: 1000 })
  expect(recent.find('a.b.c', keys, at(60))).toBeUndefined()
})

test.each<[string, Parameters<ReturnType<typeof recentTokens>['find']>]>([
  ['another token', ['a.b.d', keys, at(1)]],
  ['other keys of the issuer', ['a.b.c', createLocalJWKSet({ keys: [] }), at(1)]],
  ['a clock that was set back', ['a.b.c', keys, at(-1)]],
])('nothing is known of it for %s', (_, asked) => {
  expect(keepOne().find(...asked)).toBeUndefined()
})

test('it is not known beyond its own end', () => {
  expect(keepOne(10).find('a.b.c', keys, at(9))).toBeDefined()
  expect(keepOne(10).find('a.b.c', keys, at(10))).toBeUndefined()
})

test('a thousand are known at most, the newest', () => {
  const recent = keepOne()
  for (let n = 0; n < 1000; n++) recent.keep(`a.b.${String(n)}`, { exp: 1000 }, { keys, now: at(1) })
  expect(recent.find('a.b.c', keys, at(1))).toBeUndefined()
  expect(recent.find('a.b.0', keys, at(1))).toBeDefined()
})

test('a token that is shown again says the same, and a token with its claims and another signature is refused', async () => {
  const verifier = tokenVerifier({ issuer, audience, keysUrl: server.url })
  const claims = good()
  const token = await ours.sign(claims)
  const first = await verifier.verify(token)
  expect(first?.subject).toBe('ann')
  expect(await verifier.verify(token)).toEqual(first)
  expect(await verifier.verify(await (await signer('k1')).sign(claims))).toBeUndefined()
})

test('a token that was shown a moment ago expires in its time', async () => {
  const { clock, move } = movableClock()
  const verifier = tokenVerifier({ issuer, audience, keysUrl: server.url, clock })
  const token = await ours.sign(good(20))
  expect(await verifier.judge(token)).toMatchObject({ subject: 'ann' })
  move(50)
  // The minute of leeway between clocks is judged anew.
  expect(await verifier.judge(token)).toMatchObject({ subject: 'ann' })
  move(31)
  expect(await verifier.judge(token)).toBe('expired')
})

test('a token whose key was withdrawn is refused with the next keys, though it was shown a moment ago', async () => {
  const { clock, move } = movableClock()
  const next = await signer('k2')
  const withdrawing = await startKeyServer(json({ keys: [ours.publicKey] }))
  try {
    const verifier = tokenVerifier({ issuer, audience, keysUrl: withdrawing.url, clock })
    const token = await ours.sign(good())
    expect(await verifier.verify(token)).toBeDefined()
    withdrawing.answer = json({ keys: [next.publicKey] })
    move(35)
    expect(await verifier.verify(token)).toBeDefined()
    expect(await verifier.verify(await next.sign(good()))).toBeDefined()
    expect(await verifier.verify(token)).toBeUndefined()
  } finally {
    await withdrawing.stop()
  }
})
