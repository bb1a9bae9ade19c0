import { webcrypto } from 'node:crypto'
import { HsmRefusal, HsmUnavailable } from '@strongroom/hsm'
import { calculateJwkThumbprint, decodeProtectedHeader, type JWK } from 'jose'
import { expect, test } from 'vitest'
import { openTokenKeys, type TokenView } from './token-keys.ts'

const { subtle } = webcrypto
const es256 = { name: 'ECDSA', namedCurve: 'P-256' }
const gone = () => new HsmRefusal('key-missing', 'the module began anew')

/** Another WebCrypto in the place of the token's: what it does on bad days is the test's to say. */
async function ownView(versions = 1) {
  const pairs = await Promise.all(
    Array.from({ length: versions }, () => subtle.generateKey(es256, true, ['sign', 'verify'])),
  )
  const points = await Promise.all(
    pairs.map(async ({ publicKey }) => new Uint8Array(await subtle.exportKey('raw', publicKey))),
  )
  const state = { current: 0, published: 0, looked: 0, opened: 0, sign: subtle.sign.bind(subtle) }
  const view: TokenView = {
    subtle: {
      sign: (...asked: Parameters<typeof subtle.sign>) => state.sign(...asked),
      exportKey: subtle.exportKey.bind(subtle),
    } as never,
    signingKey() {
      state.looked++
      return Promise.resolve(pairs[state.current] as webcrypto.CryptoKeyPair)
    },
    publicKeys: () => [...points.slice(state.published), ...points.slice(0, state.published)],
  }
  const open = () => {
    state.opened++
    return Promise.resolve(view)
  }
  return { state, open }
}

test('what it signs it verifies, as that type and no other', async () => {
  const { open } = await ownView()
  const keys = openTokenKeys(open, 'token')
  const token = await keys.sign('at+jwt', { sub: 'ann' })
  expect(await keys.verify('at+jwt', token)).toEqual({ sub: 'ann' })
  expect(await keys.verify('rt+jwt', token)).toBeUndefined()
  const other = openTokenKeys((await ownView()).open, 'token')
  expect(await other.verify('at+jwt', token)).toBeUndefined()
})

test('tokens of an older version verify for as long as it is published', async () => {
  const { open, state } = await ownView(2)
  const older = await openTokenKeys(open, 'token').sign('at+jwt', { sub: 'ann' })
  state.current = state.published = 1
  const keys = openTokenKeys(open, 'token')
  const newer = await keys.sign('at+jwt', { sub: 'ann' })
  const kids = (await keys.published()).map(({ kid }) => kid)
  expect([newer, older].map((token) => decodeProtectedHeader(token).kid)).toEqual(kids)
  expect(await keys.verify('at+jwt', older)).toEqual({ sub: 'ann' })
})

test('a key that went with the module is looked up again, once', async () => {
  const { open, state } = await ownView()
  const keys = openTokenKeys(open, 'token')
  await keys.sign('at+jwt', {})
  const { sign } = state
  let failures = 1
  state.sign = (...asked) => (failures-- > 0 ? Promise.reject(gone()) : sign(...asked))
  expect(await keys.verify('at+jwt', await keys.sign('at+jwt', { sub: 'ann' }))).toEqual({ sub: 'ann' })
  expect(state.looked).toBe(2)
  failures = 2
  await expect(keys.sign('at+jwt', {})).rejects.toThrow(HsmRefusal)
})

test('what signs and is not the first that is published signs no token', async () => {
  const { open, state } = await ownView(2)
  state.current = 1
  const keys = openTokenKeys(open, 'token')
  await expect(keys.sign('at+jwt', { sub: 'ann' })).rejects.toThrow(HsmUnavailable)
  state.current = 0
  expect(await keys.verify('at+jwt', await keys.sign('at+jwt', {}))).toEqual({})
})

test('a key is named as RFC 7638 has it', async () => {
  const { open } = await ownView()
  const [jwk] = await openTokenKeys(open, 'token').published()
  expect(jwk?.kid).toBe(await calculateJwkThumbprint(jwk as JWK))
})

test('a view that does not open is asked for again by the next', async () => {
  const { open } = await ownView()
  let isAway = true
  const keys = openTokenKeys(() => (isAway ? Promise.reject(new HsmUnavailable('away')) : open()), 'token')
  await expect(keys.sign('at+jwt', {})).rejects.toThrow(HsmUnavailable)
  await expect(keys.published()).rejects.toThrow(HsmUnavailable)
  isAway = false
  expect(await keys.published()).toHaveLength(1)
  expect(await keys.verify('at+jwt', await keys.sign('at+jwt', {}))).toEqual({})
})
