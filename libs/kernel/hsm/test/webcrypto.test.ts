import { randomBytes, webcrypto } from 'node:crypto'
import { toBase64url } from '@strongroom/crypto'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { HsmUnavailable, openKeystore, provisionKeys } from '../src/index.ts'
import type { CKA } from '../src/pkcs11/cryptoki.ts'
import { acquireModule } from '../src/pkcs11/module-registry.ts'
import { injectFaults, type SoftToken } from '../src/testing/index.ts'
import { openWebCrypto } from '../src/webcrypto/index.ts'
import { inlineModules } from './modules.ts'
import {
  bytes,
  collectGarbage,
  es256,
  freshGcm,
  gcm,
  hmac,
  keyOf,
  message,
  openView,
  pairOf,
  withSha256,
} from './webcrypto-world.ts'
import { freshToken, needs, rawSession, tenant } from './world.ts'

const sessionObjects = (token: SoftToken): number => rawSession(token).findObjects({ token: false }).length

describe.each(inlineModules)('the WebCrypto view on $name', (module) => {
  test('what it signs verifies in any other WebCrypto, as a JWS does', async () => {
    const view = await openView(await freshToken(module))
    const { privateKey, publicKey } = await pairOf(view)
    const input = bytes(['{"alg":"ES256"}', '{"sub":"ada"}'].map((part) => toBase64url(bytes(part))).join('.'))
    const signature = await view.subtle.sign(withSha256, privateKey, input)
    const jwk = await view.subtle.exportKey('jwk', publicKey)
    const elsewhere = await webcrypto.subtle.importKey('jwk', jwk, es256, true, ['verify'])
    expect(await webcrypto.subtle.verify(withSha256, elsewhere, signature, input)).toBe(true)
    expect(await view.subtle.verify(withSha256, publicKey, signature, input)).toBe(true)
    expect(await view.subtle.verify(withSha256, publicKey, signature, message)).toBe(false)
    for (const format of ['spki', 'raw'] as const) {
      const exported = await view.subtle.exportKey(format, publicKey)
      await webcrypto.subtle.importKey(format, exported, es256, true, ['verify'])
    }
  })

  test('what it encrypts decrypts with its associated data, and altered it does not', async () => {
    const view = await openView(await freshToken(module))
    const key = await keyOf(view, gcm)
    for (const length of [0, 1, 100_000]) {
      const plaintext = Uint8Array.from(randomBytes(length))
      const algorithm = { ...freshGcm(), additionalData: message }
      const sealed = new Uint8Array(await view.subtle.encrypt(algorithm, key, plaintext))
      expect(sealed).toHaveLength(length + 16)
      expect(new Uint8Array(await view.subtle.decrypt(algorithm, key, sealed))).toEqual(plaintext)
      const altered = Uint8Array.from(sealed, (byte, at) => (at === 0 ? byte ^ 1 : byte))
      await expect(view.subtle.decrypt(algorithm, key, altered)).rejects.toMatchObject({ name: 'OperationError' })
      const elsewhere = { ...algorithm, additionalData: bytes('another') }
      await expect(view.subtle.decrypt(elsewhere, key, sealed)).rejects.toMatchObject({ name: 'OperationError' })
    }
  })

  test('its MACs are those of the key, and only a right one verifies', async () => {
    const view = await openView(await freshToken(module))
    const [key, other] = [await keyOf(view, hmac), await keyOf(view, hmac)]
    const mac = await view.subtle.sign('HMAC', key, message)
    expect(mac.byteLength).toBe(32)
    expect(await view.subtle.verify('HMAC', key, mac, message)).toBe(true)
    expect(await view.subtle.verify('HMAC', key, mac, bytes('another'))).toBe(false)
    expect(await view.subtle.verify('HMAC', key, mac.slice(1), message)).toBe(false)
    expect(await view.subtle.verify('HMAC', other, mac, message)).toBe(false)
  })

  test('keys are born closed: sensitive, not extractable, for their job alone, and on no page of the token', async () => {
    const token = await freshToken(module)
    const view = await openView(token)
    const made = [await keyOf(view, gcm), await keyOf(view, hmac), (await pairOf(view)).privateKey]
    const session = rawSession(token)
    const objects = session.findObjects({ token: false })
    expect(objects).toHaveLength(made.length)
    for (const object of objects) {
      const read = (name: keyof typeof CKA) => session.readAttribute(object, name)[0]
      expect([read('sensitive'), read('extractable'), read('private')]).toEqual([1, 0, 1])
      expect([read('unwrap'), read('derive')]).toEqual([0, 0])
    }
    expect(session.findObjects({ token: true })).toEqual([])
    for (const key of made) expect(key.extractable).toBe(false)
  })

  test('no key is exported, made exportable, imported, wrapped or derived', async () => {
    const view = await openView(await freshToken(module))
    const notSupported = { name: 'NotSupportedError' }
    for (const algorithm of [es256, gcm, hmac]) {
      const attempt = view.subtle.generateKey(algorithm as never, true, ['sign', 'encrypt'])
      await expect(attempt).rejects.toMatchObject(notSupported)
    }
    const { privateKey } = await pairOf(view)
    for (const key of [privateKey, await keyOf(view, gcm), await keyOf(view, hmac)]) {
      for (const format of ['jwk', 'raw', 'pkcs8', 'spki'] as const) {
        await expect(view.subtle.exportKey(format, key)).rejects.toMatchObject({ name: 'InvalidAccessError' })
      }
    }
    const rest = view.subtle as unknown as webcrypto.SubtleCrypto
    await expect(rest.importKey('raw', new Uint8Array(32), 'AES-GCM', false, [])).rejects.toMatchObject(notSupported)
    await expect(rest.wrapKey('raw', privateKey, privateKey, 'AES-GCM')).rejects.toMatchObject(notSupported)
  })

  test('a key is nothing to look into, does what it was made for, and belongs to one token', async () => {
    const view = await openView(await freshToken(module))
    const [key, mac] = [await keyOf(view, gcm), await keyOf(view, hmac)]
    expect(Object.keys(key).toSorted()).toEqual(['algorithm', 'extractable', 'type', 'usages'])
    const invalid = { name: 'InvalidAccessError' }
    await expect(view.subtle.sign('HMAC', key, message)).rejects.toMatchObject(invalid)
    await expect(view.subtle.encrypt(freshGcm(), mac, message)).rejects.toMatchObject(invalid)
    const copy = Object.create(mac) as webcrypto.CryptoKey
    await expect(view.subtle.sign('HMAC', copy, message)).rejects.toMatchObject(invalid)
    const other = await openView(await freshToken(module))
    await expect(other.subtle.sign('HMAC', mac, message)).rejects.toMatchObject(invalid)
    const decryptOnly = await view.subtle.generateKey(gcm, false, ['decrypt'])
    await expect(view.subtle.encrypt(freshGcm(), decryptOnly, message)).rejects.toMatchObject(invalid)
  })

  test('calls at once, many times as many as sessions, are all answered rightly', async () => {
    const view = await openView(await freshToken(module))
    const [key, { privateKey, publicKey }, mac] = [await keyOf(view, gcm), await pairOf(view), await keyOf(view, hmac)]
    const expected = new Uint8Array(await view.subtle.sign('HMAC', mac, message))
    const rounds = Array.from({ length: 60 }, async () => {
      const [algorithm, plaintext] = [freshGcm(), Uint8Array.from(randomBytes(2000))]
      const [sealed, signature, again] = await Promise.all([
        view.subtle.encrypt(algorithm, key, plaintext),
        view.subtle.sign(withSha256, privateKey, plaintext),
        view.subtle.sign('HMAC', mac, message),
      ])
      expect(new Uint8Array(again)).toEqual(expected)
      expect(await view.subtle.verify(withSha256, publicKey, signature, plaintext)).toBe(true)
      expect(new Uint8Array(await view.subtle.decrypt(algorithm, key, sealed))).toEqual(plaintext)
    })
    await Promise.all(rounds)
  })

  test('operations leave nothing on the token, and keys go when they are destroyed, or forgotten', async () => {
    const token = await freshToken(module)
    const view = await openView(token)
    const [key, { privateKey, publicKey }] = [await keyOf(view, gcm), await pairOf(view)]
    const before = sessionObjects(token)
    for (let round = 0; round < 100; round++) {
      await view.subtle.encrypt(freshGcm(), key, message)
      await view.subtle.sign(withSha256, privateKey, message)
    }
    expect(sessionObjects(token)).toBe(before)
    view.destroy(key, privateKey, publicKey)
    expect(sessionObjects(token)).toBe(0)
    await expect(view.subtle.encrypt(freshGcm(), key, message)).rejects.toMatchObject({ name: 'InvalidAccessError' })
    for (let round = 0; round < 20; round++) await keyOf(view, gcm)
    await expect
      .poll(() => {
        collectGarbage()
        return sessionObjects(token)
      })
      .toBeLessThan(20)
  })

  test('the recorded signing key signs here as in the keystore, which goes on when the view is closed', async () => {
    const token = await freshToken(module)
    const keys = await provisionKeys({ ...token, ...tenant, needs, existing: [] })
    const keystore = await openKeystore({ ...token, ...tenant, keys })
    const view = await openWebCrypto({ ...token, ...tenant, keys })
    const { privateKey, publicKey } = await view.signingKey('audit')
    const point = await view.subtle.exportKey('raw', publicKey)
    expect(new Uint8Array(point)).toEqual(await keystore.publicKey('audit'))
    const signature = await view.subtle.sign(withSha256, privateKey, message)
    expect(await view.subtle.verify(withSha256, publicKey, signature, message)).toBe(true)
    const ours = Uint8Array.from(await keystore.sign('audit', message))
    expect(await view.subtle.verify(withSha256, publicKey, ours, message)).toBe(true)
    await view.close()
    await expect(view.subtle.sign(withSha256, privateKey, message)).rejects.toThrow(HsmUnavailable)
    expect(await keystore.sign('audit', message)).toHaveLength(64)
    await keystore.close()
  })

  test('a key does not outlive the initialisation of the module: what its number means now is not asked', async () => {
    const token = await freshToken(module)
    const keys = await provisionKeys({ ...token, ...tenant, needs, existing: [] })
    const view = await openView(token, { keys })
    const [{ privateKey }, mac] = [await view.signingKey('audit'), await keyOf(view, hmac)]
    const neighbour = acquireModule(token.module)
    onTestFinished(() => neighbour.release())
    neighbour.reinitialise(neighbour.generation)
    const gone = { reason: 'key-missing' }
    await expect(view.subtle.sign('HMAC', mac, message)).rejects.toMatchObject(gone)
    await expect(view.subtle.sign(withSha256, privateKey, message)).rejects.toMatchObject(gone)
    const again = await view.signingKey('audit')
    expect((await view.subtle.sign(withSha256, again.privateKey, message)).byteLength).toBe(64)
    expect((await view.subtle.sign('HMAC', await keyOf(view, hmac), message)).byteLength).toBe(32)
  })

  test('a faulty ECDSA signature does not leave', async () => {
    const token = await freshToken(module)
    const view = await openView(token)
    const { privateKey } = await pairOf(view)
    const loaded = acquireModule(token.module)
    onTestFinished(() => loaded.release())
    const { pkcs11 } = loaded
    const sign = pkcs11.C_Sign.bind(pkcs11) as (...parameters: unknown[]) => void
    const spy = vi.spyOn(pkcs11, 'C_Sign').mockImplementation((...parameters: unknown[]) => {
      const answer = parameters.pop() as (error: Error | null, signature: Buffer) => void
      sign(...parameters, (error: Error | null, signature: Buffer) => {
        signature[7] = (signature[7] ?? 0) ^ 1
        answer(error, signature)
      })
    })
    await expect(view.subtle.sign(withSha256, privateKey, message)).rejects.toThrow(/does not verify/)
    spy.mockRestore()
    expect((await view.subtle.sign(withSha256, privateKey, message)).byteLength).toBe(64)
  })

  test('a session that failed serves nobody again', async () => {
    const token = await freshToken(module)
    const view = await openView(token, { sessions: 1 })
    const mac = await keyOf(view, hmac)
    const device = injectFaults(token.module)
    onTestFinished(() => device.release())
    for (const method of ['C_SignInit', 'C_Sign'] as const) {
      device.fail([method], { name: 'CKR_DEVICE_ERROR', code: 0x30, times: 1 })
      await expect(view.subtle.sign('HMAC', mac, message)).rejects.toThrow(HsmUnavailable)
      expect((await view.subtle.sign('HMAC', mac, message)).byteLength).toBe(32)
    }
  })

  test('a thousand callers at once wait in one line, and all of them are served', async () => {
    const view = await openView(await freshToken(module), { sessions: 1 })
    const mac = await keyOf(view, hmac)
    const macs = await Promise.all(Array.from({ length: 1000 }, () => view.subtle.sign('HMAC', mac, message)))
    expect(new Set(macs.map((one) => Buffer.from(one).toString('hex'))).size).toBe(1)
  })
})
