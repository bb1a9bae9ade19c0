import { webcrypto } from 'node:crypto'
import { toUtf8 } from '@strongroom/crypto'
import { type KeyRecord, openKeystore, provisionKeys, publishSigningKey } from '@strongroom/hsm'
import { injectFaults, softToken } from '@strongroom/hsm/testing'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { openLog } from './log.ts'
import type { AppToken } from './token.ts'
import { webCryptoOf } from './web-crypto.ts'

const tenant = { deployment: 'test', app: 'tea-house' }
const use = 'token'
const es256 = { name: 'ECDSA', namedCurve: 'P-256' }
const withSha256 = { name: 'ECDSA', hash: 'SHA-256' }
const message = Uint8Array.from(toUtf8('message'))

let token: AppToken
let remove: () => Promise<void>
let keys: Awaited<ReturnType<typeof provisionKeys>>
let newest: readonly KeyRecord[]

beforeAll(async () => {
  const soft = await softToken()
  remove = () => soft.remove()
  token = { ...soft, ...tenant, sessions: 8 }
  keys = await provisionKeys({
    ...token,
    needs: [
      { job: 'seal', use: '' },
      { job: 'sign', use },
      { job: 'sign', use: 'audit' },
    ],
    existing: [],
  })
  newest = keys
})
afterAll(() => remove())

function opener(changes: Partial<AppToken> = {}) {
  const closers: (() => unknown)[] = []
  const log = openLog('tea-house', 'silent')
  const atEnd = (close: () => unknown) => void closers.push(close)
  onTestFinished(async () => {
    for (const close of closers) await close()
  })
  return { webCrypto: webCryptoOf({ token: { ...token, ...changes }, newest: () => newest, log, atEnd }), closers }
}

/** As another WebCrypto verifies. */
async function verifies(point: Uint8Array, signature: ArrayBuffer): Promise<boolean> {
  const key = await webcrypto.subtle.importKey('raw', Uint8Array.from(point), es256, true, ['verify'])
  return webcrypto.subtle.verify(withSha256, key, signature, message)
}

test('it opens once, for all who ask at once, beside the keystore; what it signs verifies with the published key', async () => {
  const keystore = await openKeystore({ ...token, keys })
  onTestFinished(() => keystore.close())
  const { webCrypto, closers } = opener()
  expect(closers).toHaveLength(0)
  const [view, same] = await Promise.all([webCrypto(), webCrypto()])
  expect(same).toBe(view)
  expect(closers).toHaveLength(1)
  const { privateKey } = await view.signingKey(use)
  const [published] = view.publicKeys(use)
  expect(published).toEqual(await keystore.publicKey(use))
  const signature = await view.subtle.sign(withSha256, privateKey, message)
  expect(await verifies(published ?? new Uint8Array(), signature)).toBe(true)
  expect(() => view.publicKeys('other')).toThrow(expect.objectContaining({ reason: 'key-undeclared' }))
})

test('what could not be opened is tried again by the next who asks', async () => {
  const { webCrypto } = opener()
  const device = injectFaults(typeof token.module === 'string' ? { path: token.module } : token.module)
  onTestFinished(() => device.release())
  device.fail(['C_OpenSession', 'C_Initialize'], { name: 'CKR_DEVICE_REMOVED', code: 0x32 })
  await expect(webCrypto()).rejects.toMatchObject({ name: 'HsmUnavailable' })
  device.mend()
  expect((await webCrypto()).publicKeys(use)).toHaveLength(1)
})

test('when the module began anew, whoever asks for the key again goes on signing', async () => {
  const keystore = await openKeystore({ ...token, keys, probeIntervalMs: 20, random: () => 0 })
  onTestFinished(() => keystore.close())
  const { webCrypto } = opener()
  const view = await webCrypto()
  const { privateKey } = await view.signingKey(use)
  const device = injectFaults(typeof token.module === 'string' ? { path: token.module } : token.module)
  onTestFinished(() => device.release())
  // The keystore climbs to its last rung, which is to initialise the module anew.
  device.fail(['C_Sign', 'C_Encrypt', 'C_Decrypt', 'C_OpenSession'], { name: 'CKR_DEVICE_REMOVED', code: 0x32 })
  await expect(keystore.check()).rejects.toMatchObject({ name: 'HsmUnavailable' })
  await expect.poll(() => device.calls('C_Initialize')).toBeGreaterThan(0)
  device.mend()
  await expect
    .poll(() =>
      keystore.check().then(
        () => 'healthy',
        () => 'away',
      ),
    )
    .toBe('healthy')
  await expect(view.subtle.sign(withSha256, privateKey, message)).rejects.toMatchObject({ reason: 'key-missing' })
  const anew = await view.signingKey(use)
  const [point = new Uint8Array()] = view.publicKeys(use)
  expect(await verifies(point, await view.subtle.sign(withSha256, anew.privateKey, message))).toBe(true)
})

test('it follows what the keystore loads: a published version is told, an active one signs, a retired one is still told', async () => {
  onTestFinished(() => void (newest = keys))
  const { webCrypto } = opener()
  const first = await webCrypto()
  const [one] = first.publicKeys(use)
  const [made] = await publishSigningKey({ tokens: [token], existing: keys, use, version: 2 })
  if (!made) throw new Error('no second version was made')

  newest = [...keys]
  expect(await webCrypto()).toBe(first)
  newest = [...keys, made]
  const second = await webCrypto()
  const [current, other] = second.publicKeys(use)
  expect([current, other]).toEqual([one, expect.any(Uint8Array)])
  expect(other).not.toEqual(one)

  newest = [
    ...keys.map((key) => (key.use === use ? { ...key, state: 'retired' as const } : key)),
    { ...made, state: 'active' },
  ]
  const third = await webCrypto()
  expect(third.publicKeys(use)).toEqual([other, one])
  const { privateKey } = await third.signingKey(use)
  expect(await verifies(other ?? new Uint8Array(), await third.subtle.sign(withSha256, privateKey, message))).toBe(true)
  // Who had begun on the view of before is not cut off.
  const { privateKey: old } = await first.signingKey(use)
  expect(await verifies(one ?? new Uint8Array(), await first.subtle.sign(withSha256, old, message))).toBe(true)

  newest = [...keys.filter((key) => key.use !== use), { ...made, state: 'active' }]
  expect((await webCrypto()).publicKeys(use)).toEqual([other])
})
