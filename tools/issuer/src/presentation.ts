import { ed25519 } from '@noble/curves/ed25519.js'
import { base58 } from '@scure/base'
import { toBase64url, toUtf8 } from '@strongroom/crypto'

export interface PresentationRequest {
  /** The Ed25519 seed of a wallet: 32 bytes. */
  readonly seed: Uint8Array
  /** What the server gave to be signed: becomes `nonce`. */
  readonly challenge?: string
  /** Whom it is meant for: becomes `aud`. */
  readonly audience?: string
}

/** did:key of an Ed25519 key: multibase base58btc over the multicodec prefix 0xed 0x01 and the key. */
export function didOf(seed: Uint8Array): string {
  return `did:key:z${base58.encode(Uint8Array.of(0xed, 0x01, ...ed25519.getPublicKey(seed)))}`
}

/**
 * What LearnCard's wallets show to say who they are: a verifiable presentation without credentials, as a JWT (EdDSA). It
 * bears no time and no id: without a challenge it is the same for ever. Byte for byte what `getDidAuthVp` makes.
 */
export function makePresentation({ seed, challenge, audience }: PresentationRequest): string {
  const did = didOf(seed)
  const header = { alg: 'EdDSA', kid: `${did}#${did.slice('did:key:'.length)}` }
  const payload = {
    iss: did,
    ...(audience !== undefined && { aud: audience }),
    vp: {
      '@context': ['https://www.w3.org/ns/credentials/v2'],
      type: ['VerifiablePresentation'],
      holder: did,
    },
    ...(challenge !== undefined && { nonce: challenge }),
  }
  const signed = `${encode(header)}.${encode(payload)}`
  return `${signed}.${toBase64url(ed25519.sign(toUtf8(signed), seed))}`
}

const encode = (part: object): string => toBase64url(toUtf8(JSON.stringify(part)))
