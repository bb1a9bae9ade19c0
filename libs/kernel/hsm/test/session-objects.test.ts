import { Secret } from '@strongroom/crypto'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { CKA } from '../src/pkcs11/cryptoki.ts'
import { acquireModule } from '../src/pkcs11/module-registry.ts'
import type { SoftToken } from '../src/testing/index.ts'
import { inlineModules } from './modules.ts'
import { binding, openWorld, pin } from './world.ts'

const request = { binding, factor: pin('1234') }
const another = { binding, factor: pin('4321') }
const sensitive = { type: CKA.sensitive, value: true }
const forSession = { type: CKA.token, value: false }

/** What the token is given, as only the process that calls it can see. */
function spyOn(token: SoftToken, method: 'C_UnwrapKey' | 'C_CreateObject') {
  const module = acquireModule(token.module)
  const spy = vi.spyOn(module.pkcs11, method)
  onTestFinished(() => {
    spy.mockRestore()
    module.release()
  })
  return spy
}

describe.each(inlineModules)('session objects on $name', (module) => {
  test('a key that is relocked is sensitive while it is on the token', async () => {
    const { keystore, token } = await openWorld(module)
    const locked = await keystore.issueLockedKey(request)
    const unwrap = spyOn(token, 'C_UnwrapKey')
    await keystore.relockKey(request, locked, another)
    expect(unwrap.mock.calls).toHaveLength(1)
    expect(unwrap.mock.lastCall?.[4]).toContainEqual(sensitive)
  })

  test('so is a key that was recovered, and the key that locks it, for the session alone', async () => {
    const { keystore, token } = await openWorld(module)
    const prepared = await keystore.prepareLock(request)
    const create = spyOn(token, 'C_CreateObject')
    await keystore.lockRecoveredKey(new Secret(new Uint8Array(32).fill(0xa5)), binding, prepared)
    expect(create.mock.calls).toHaveLength(2)
    for (const [, template] of create.mock.calls) {
      expect(template).toContainEqual(sensitive)
      expect(template).toContainEqual(forSession)
    }
  })
})
