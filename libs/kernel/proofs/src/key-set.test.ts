import { isOutage } from '@strongroom/http'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { json, type KeyServer, startKeyServer, status } from '../test/key-server.ts'
import { movableClock, signer, type Signer } from '../test/signer.ts'
import { KeysUnavailable } from './keys-unavailable.ts'
import { tokenVerifier, type TokenVerifier } from './token-verifier.ts'

const HOUR = 3600
const issuer = 'https://login.example.com'
let server: KeyServer
let old: Signer
let next: Signer
let time: ReturnType<typeof movableClock>
let failures: string[]
let verifier: TokenVerifier

beforeEach(async () => {
  ;[old, next] = await Promise.all([signer('old'), signer('next')])
  server = await startKeyServer(json({ keys: [old.publicKey] }))
  time = movableClock()
  const told: string[] = (failures = [])
  const onFetchFailed = (code: string) => void told.push(code)
  verifier = tokenVerifier({ issuer, audience: 'keys', keysUrl: server.url, clock: time.clock, onFetchFailed })
})
afterEach(() => server.stop())

const verify = async (by: Signer, header?: Record<string, unknown>) => {
  const seconds = time.clock().getTime() / 1000
  return verifier.verify(await by.sign({ iss: issuer, aud: 'keys', sub: 'ann', exp: seconds + 600 }, header))
}
const fetches = () => server.asked.length
const away = async () => {
  const error: unknown = await verify(old).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(KeysUnavailable)
  expect(isOutage(error)).toBe(true)
}

test('keys are fetched once for any number of tokens, and again after ten minutes', async () => {
  await Promise.all(Array.from({ length: 50 }, () => verify(old)))
  expect(fetches()).toBe(1)
  time.move(11 * 60)
  await Promise.all(Array.from({ length: 50 }, () => verify(old)))
  expect(fetches()).toBe(2)
})

test('a new key of the issuer is found without waiting for the ten minutes', async () => {
  await verify(old)
  server.answer = json({ keys: [old.publicKey, next.publicKey] })
  time.move(31)
  expect((await verify(next))?.subject).toBe('ann')
})

test('a storm of invented key ids costs one fetch in half a minute, and good tokens pass through it', async () => {
  await verify(old)
  for (let storm = 0; storm < 3; storm++) {
    time.move(31)
    for (let wave = 0; wave < 3; wave++) {
      const invented = Array.from({ length: 30 }, (_, index) => verify(next, { kid: `invented-${String(index)}` }))
      expect(new Set(await Promise.all(invented))).toEqual(new Set([undefined]))
      expect(await verify(old)).toBeDefined()
    }
  }
  expect(fetches()).toBe(4)
})

test('an issuer that fails during such a storm does not cost us the keys that we have', async () => {
  await verify(old)
  server.answer = status(503)
  time.move(31)
  expect(await verify(next)).toBeUndefined()
  expect(await verify(old)).toBeDefined()
  expect(failures).toEqual(['http-503'])
})

test('a key that the issuer withdrew is refused from the next fetch on', async () => {
  await verify(old)
  server.answer = json({ keys: [] })
  time.move(11 * 60)
  expect(await verify(old)).toBeUndefined()
})

test('while the issuer is away, its last keys serve for a day, then there is an outage until it is back', async () => {
  await verify(old)
  server.answer = status(500)
  time.move(23 * HOUR)
  expect(await verify(old)).toBeDefined()
  time.move(2 * HOUR)
  await away()
  server.answer = json({ keys: [old.publicKey] })
  time.move(6)
  expect(await verify(old)).toBeDefined()
})

test('an issuer that hangs holds up the first who ask; after that nobody waits who has keys', async () => {
  await verify(old)
  server.answer = () => undefined
  time.move(11 * 60)
  expect(await verify(old)).toBeDefined()
  expect(failures).toEqual(['ETIMEDOUT'])
  time.move(6)
  const started = fetches()
  expect(await verify(old)).toBeDefined()
  await expect.poll(fetches).toBe(started + 1)
  expect(failures).toEqual(['ETIMEDOUT'])
})

test.each([
  ['an error', status(500), 'http-500'],
  ['a redirect', status(302, { location: '/elsewhere' }), 'http-302'],
  ['no JSON', (_: string, response: { end(text: string): unknown }) => void response.end('<canary>'), 'not-json'],
  ['JSON that is no key set', json({ canary: 1 }), 'no-key-set'],
  ['200 KiB', json({ keys: [], padding: 'x'.repeat(200_000) }), 'too-large'],
] as const)('before the first keys, %s is an outage that tells nothing of the answer', async (_, answer, code) => {
  server.answer = answer
  const error: unknown = await verify(old).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ name: 'KeysUnavailable', code, message: `public keys cannot be fetched (${code})` })
  expect(JSON.stringify(error)).not.toContain('canary')
  expect(server.asked).toEqual(['/'])
})

test('an issuer that is away at first is asked again within seconds, not with every token', async () => {
  server.answer = status(503)
  for (let i = 0; i < 20; i++) await away()
  expect(fetches()).toBe(1)
  server.answer = json({ keys: [old.publicKey] })
  time.move(6)
  expect(await verify(old)).toBeDefined()
})

test('a clock that is set back neither keeps old keys nor holds a fetch up', async () => {
  await verify(old)
  server.answer = json({ keys: [next.publicKey] })
  time.move(-2 * HOUR)
  expect(await verify(next)).toBeDefined()
  expect(await verify(old)).toBeUndefined()
})
