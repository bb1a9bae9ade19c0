import { inspect } from 'node:util'
import { Secret, toBase64url, toHex } from '@strongroom/crypto'
import { describe, expect, test } from 'vitest'
import { openKeystore } from '../src/index.ts'
import { injectFaults } from '../src/testing/index.ts'
import { testedModules } from './modules.ts'
import { binding, openWorld, pin, placeOf } from './world.ts'

const deeply = (value: unknown): string =>
  inspect(value, { depth: 20, showHidden: true, maxArrayLength: null, maxStringLength: null })

describe.each(testedModules)('no secret is printed on $name', (module) => {
  test('in any error, log line or view of an exported object', async () => {
    const seen: unknown[] = []
    const { keystore, token, keys, open } = await openWorld(module, { log: (...line) => seen.push(line) })
    const plaintext = new Secret('plaintext-of-a-secret')
    const lock = { binding, factor: pin('factor-of-a-lock') }
    const [envelope, locked] = [await keystore.seal(plaintext, binding), await keystore.issueLockedKey(lock)]
    const key = await keystore.openLockedKey(lock, locked)
    const elsewhere = { ...binding, row: 'x' }
    const failing = [
      () => keystore.open(envelope, elsewhere),
      () => keystore.open(envelope.slice(3), binding),
      () => keystore.openLockedKey(lock, { ...locked, envelope }),
      () => keystore.mac('undeclared', plaintext.expose()),
      () =>
        openKeystore({
          ...token,
          ...placeOf(module),
          deployment: 'd',
          app: 'a',
          keys: [],
          pin: token.pin,
          tokenLabel: 'nobody',
        }),
      () => open({ keys: keys.map((record) => ({ ...record, checkValue: plaintext.expose() })) }),
    ]
    const device = injectFaults(token.module)
    for (const attempt of failing) seen.push(await attempt().catch((error: unknown) => error))
    device.fail(['C_EncryptInit', 'C_OpenSession', 'C_Initialize', 'C_CreateObject'], {
      name: 'CKR_DEVICE_ERROR',
      code: 48,
    })
    for (const attempt of [() => keystore.seal(plaintext, binding), () => keystore.issueLockedKey(lock)]) {
      seen.push(await attempt().catch((error: unknown) => error))
    }
    device.mend()
    device.release()
    const printed = deeply([seen, keystore, token, lock, key, String(key), JSON.stringify({ key, lock })])
    const secrets = [plaintext, lock.factor, token.pin, key ?? new Secret('')].map((secret) => secret.expose())
    for (const secret of secrets) {
      for (const form of [new TextDecoder().decode(secret), toHex(secret), toBase64url(secret), secret.join(', ')]) {
        expect(printed).not.toContain(form)
      }
    }
    expect(seen.filter((item) => item instanceof Error).length).toBeGreaterThanOrEqual(7)
  })
})
