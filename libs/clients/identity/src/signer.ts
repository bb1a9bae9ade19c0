import { ed25519 } from '@noble/curves/ed25519.js'
import { type RandomSource, Secret, systemRandom } from '@strongroom/crypto'
import { toAccountId } from './strkey.ts'

/** What signs for an account: a seed in memory, or a key that lies elsewhere. */
export interface Signer {
  /** The public key, `G…`. */
  readonly keyId: string
  /** Plain Ed25519 (RFC 8032) over these bytes. */
  sign(bytes: Uint8Array): Uint8Array | Promise<Uint8Array>
}

/** Of an Ed25519 seed of 32 bytes. */
export function signerOf(seed: Secret): Signer {
  return {
    keyId: toAccountId(ed25519.getPublicKey(seed.expose())),
    sign: (bytes) => ed25519.sign(bytes, seed.expose()),
  }
}

export const newSeed = (random: RandomSource = systemRandom): Secret => new Secret(random(32))
