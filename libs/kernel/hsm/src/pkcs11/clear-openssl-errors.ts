import { createPrivateKey } from 'node:crypto'

const nothing = { key: Buffer.alloc(0), format: 'der', type: 'pkcs8' } as const

/**
 * SoftHSM works with the OpenSSL of this process. What it refuses leaves an error there, for which Node takes the next
 * private key that it reads to be broken; reading nothing clears it.
 */
export function clearOpenSslErrors(): void {
  try {
    createPrivateKey(nothing)
  } catch {
    // As it should: there is no key.
  }
}
