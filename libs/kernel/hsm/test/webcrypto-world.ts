import { randomBytes, type webcrypto } from 'node:crypto'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { toUtf8 } from '@strongroom/crypto'
import { onTestFinished } from 'vitest'
import type { SoftToken } from '../src/testing/index.ts'
import { openWebCrypto, type TokenWebCrypto, type WebCryptoOptions } from '../src/webcrypto/index.ts'
import { tenant } from './world.ts'

export const es256 = { name: 'ECDSA', namedCurve: 'P-256' }
export const withSha256 = { name: 'ECDSA', hash: 'SHA-256' }
export const gcm = { name: 'AES-GCM', length: 256 }
export const hmac = { name: 'HMAC', hash: 'SHA-256' }
export const bytes = (text: string) => Uint8Array.from(toUtf8(text))
export const message = bytes('message')

export async function openView(token: SoftToken, changes: Partial<WebCryptoOptions> = {}): Promise<TokenWebCrypto> {
  const view = await openWebCrypto({ ...token, ...tenant, ...changes })
  onTestFinished(() => view.close())
  return view
}

/** AES-GCM with an IV that nobody used before. */
export const freshGcm = () => ({ name: 'AES-GCM', iv: Uint8Array.from(randomBytes(12)), tagLength: 128 })

export const pairOf = ({ subtle }: TokenWebCrypto): Promise<webcrypto.CryptoKeyPair> =>
  subtle.generateKey(es256, false, ['sign', 'verify'])

export const keyOf = async ({ subtle }: TokenWebCrypto, algorithm: typeof gcm | typeof hmac) =>
  (await subtle.generateKey(algorithm as never, false, [
    'encrypt',
    'decrypt',
    'sign',
    'verify',
  ])) as unknown as webcrypto.CryptoKey

setFlagsFromString('--expose-gc')
export const collectGarbage = runInNewContext('gc') as () => void
