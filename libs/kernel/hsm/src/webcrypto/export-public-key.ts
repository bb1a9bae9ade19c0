import type { KeyObject, webcrypto } from 'node:crypto'
import { fromBase64url } from '@strongroom/crypto'
import { notSupported } from './algorithms.ts'

const UNCOMPRESSED = 0x04

/** `spki`, `jwk` or `raw` (SEC 1, uncompressed), of P-256. Throws `DOMException` for other formats. */
export function exportPublicKey(format: string, publicKey: KeyObject): ArrayBuffer | webcrypto.JsonWebKey {
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' })
  switch (format) {
    case 'spki':
      return bufferOf(publicKey.export({ format: 'der', type: 'spki' }))
    case 'jwk':
      return { kty: 'EC', crv: 'P-256', x, y, key_ops: ['verify'], ext: true }
    case 'raw':
      return bufferOf(Uint8Array.of(UNCOMPRESSED, ...fromBase64url(x), ...fromBase64url(y)))
    default:
      throw notSupported(`public keys are exported as spki, jwk or raw, not as ${format}`)
  }
}

const bufferOf = (bytes: Uint8Array): ArrayBuffer => Uint8Array.from(bytes).buffer
