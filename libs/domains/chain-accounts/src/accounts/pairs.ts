import type { Binding, Keystore } from '@strongroom/hsm'

/** A key pair whose private half was generated and wrapped inside the token. */
export interface IssuedPair {
  /** SEC 1, uncompressed: 65 bytes. */
  readonly publicKey: Uint8Array
  readonly envelope: Uint8Array
}

/** What an account's server key asks of the keystore. */
export interface PairKeystore extends Keystore {
  issueKeyPair(curve: 'p256' | 'secp256k1', binding: Binding): Promise<IssuedPair>
  /** r and s of the 32-byte digest, s low. */
  signWithIssued(
    issued: { readonly envelope: Uint8Array; readonly curve: 'p256' | 'secp256k1' },
    binding: Binding,
    digest: Uint8Array,
  ): Promise<Uint8Array>
}
