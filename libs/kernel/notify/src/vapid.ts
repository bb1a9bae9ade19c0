import { createECDH } from 'node:crypto'
import type { Secret } from '@strongroom/crypto'
import { exposeText } from './expose-text.ts'

/** Who we are to push services (RFC 8292). */
export interface Vapid {
  /** Whom they write to: `mailto:…` or `https://…`. */
  readonly subject: string
  /** Base64url: the `applicationServerKey` that browsers subscribe with. */
  readonly publicKey: string
  /** Base64url: 32 bytes. */
  readonly privateKey: Secret
}

/**
 * Reads a key pair for one call of the library.
 * @throws TypeError where it is no pair, or the subject no address; names what, never a value.
 */
export function readVapid({ subject, publicKey, privateKey }: Vapid) {
  const pair = { subject, publicKey: publicKey.replaceAll('=', ''), privateKey: exposeText(privateKey) }
  if (!/^(mailto:[^\s@]+@[^\s@]+|https:\/\/\S+)$/.test(subject)) {
    throw new TypeError('the VAPID subject is mailto: and an address, or an https URL')
  }
  if (publicKeyOf(pair.privateKey) !== pair.publicKey) {
    throw new TypeError('the VAPID keys are a pair on P-256, each in base64url')
  }
  return pair
}

function publicKeyOf(privateKey: string): string | undefined {
  const scalar = Buffer.from(privateKey, 'base64url')
  if (scalar.length !== 32) return undefined
  try {
    const pair = createECDH('prime256v1')
    pair.setPrivateKey(scalar)
    return pair.getPublicKey('base64url')
  } catch {
    return undefined
  }
}
