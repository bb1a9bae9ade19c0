import { Secret } from '@strongroom/crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openKeystore, openRecoveryKeystore, sealForRecovery, Unopenable } from '../src/index.ts'
import { CKK, CKO } from '../src/pkcs11/cryptoki.ts'
import { memoryPinLatch, type SoftToken } from '../src/testing/index.ts'
import { testedModules } from './modules.ts'
import { binding, freshToken, makeRecoveryWorld, openWorld, pin, placeOf, rawSession } from './world.ts'
import { type RecoveryWorld, tenant, untilHealed } from './world.ts'

const secret = new Secret(new Uint8Array(32).fill(0x5a))
const elsewhere = { ...binding, row: 'row-2' }

describe.each(testedModules)('the recovery token on $name', (module) => {
  let here: RecoveryWorld
  beforeAll(async () => {
    here = await makeRecoveryWorld(module)
  })
  afterAll(async () => {
    await here.token.remove()
  })
  const copy = (value = secret, at = binding): Uint8Array =>
    sealForRecovery(here.publicKey, value, { ...tenant, binding: at })

  test('neither token opens with the records of the other, or holds a key of its kind', async () => {
    const first = await openWorld(module)
    const crossed = openRecoveryKeystore({ ...first.token, ...tenant, ...placeOf(module), keys: here.keys })
    await expect(crossed).rejects.toMatchObject({ reason: 'key-missing' })
    const back = openKeystore({ ...here.token, ...tenant, ...placeOf(module), keys: first.keys })
    await expect(back).rejects.toMatchObject({ reason: 'key-missing' })
    const recoveryKeys = { class: CKO.privateKey, keyType: CKK.rsa }
    expect(rawSession(first.token).findObjects(recoveryKeys)).toHaveLength(0)
    expect(rawSession(here.token).findObjects({ class: CKO.secretKey, token: true })).toHaveLength(0)
  })

  test('the token is taken away and brought back', async () => {
    const [recovery, keystore] = [await here.open(), await here.open()]
    const envelope = copy()
    await here.token.take()
    const outcome = () =>
      keystore.check().then(
        () => 'unnoticed',
        (error: Error) => error.name,
      )
    expect(await outcome()).toBe(module.removal === 'noticed' ? 'HsmUnavailable' : 'unnoticed')
    await here.token.bringBack()
    await untilHealed(keystore)
    await untilHealed(recovery)
    expect((await keystore.open(envelope, binding)).equals(secret)).toBe(true)
    await expect(keystore.open(envelope, elsewhere)).rejects.toThrow(Unopenable)
  })

  test('a wrong PIN is tried once', async () => {
    const token: SoftToken = { ...(await freshToken(module)), pinLatch: memoryPinLatch() }
    const attempt = () =>
      openRecoveryKeystore({ ...token, ...tenant, ...placeOf(module), keys: [], pin: pin('not the PIN') })
    await expect(attempt()).rejects.toMatchObject({ reason: 'pin-refused' })
    await expect(attempt()).rejects.toMatchObject({ reason: 'pin-latched' })
  })
})
