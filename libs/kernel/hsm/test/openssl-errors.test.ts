import { createPrivateKey, generateKeyPairSync, randomBytes } from 'node:crypto'
import { expect, onTestFinished, test } from 'vitest'
import { importAesKey, readableKey } from '../src/keys/session-keys.ts'
import { CKM } from '../src/pkcs11/cryptoki.ts'
import { softToken } from '../src/testing/index.ts'
import { rawSession } from './world.ts'

test('what a token refuses leaves nothing behind in the OpenSSL that it shares with Node', async () => {
  const token = await softToken()
  onTestFinished(() => token.remove())
  const pem = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'pem', type: 'pkcs8' })
  const session = rawSession(token)
  const key = importAesKey(session, { value: randomBytes(32), uses: ['unwrap'] })
  expect(() => session.unwrapKey({ mechanism: CKM.aesKeyWrap, key }, randomBytes(40), readableKey)).toThrow(
    'C_UnwrapKey',
  )
  expect(createPrivateKey(pem).asymmetricKeyType).toBe('rsa')
})
