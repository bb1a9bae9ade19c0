import { ed25519 } from '@noble/curves/ed25519.js'
import { fromUtf8, Secret, toBase64url, toUtf8 } from '@strongroom/crypto'
import { base58 } from '@scure/base'
import type { SeedCheck } from './shares.ts'

/** Multicodec's ed25519-pub, as an unsigned varint. */
const ED25519_PUB = [0xed, 0x01]

/** did:key of an Ed25519 seed of 32 bytes: multibase base58btc of the multicodec and the public key. */
export const didOf = (seed: Secret): string =>
  `did:key:z${base58.encode(Uint8Array.from([...ED25519_PUB, ...ed25519.getPublicKey(seed.expose())]))}`

/** The check that `combineShares` wants, for whoever knows the user's DID. */
export const isSeedOf =
  (did: string): SeedCheck =>
  (seed) =>
    didOf(seed) === did

export interface PresentationOptions {
  /** What the server gave for this one use: without it the presentation is the same every time and never expires. */
  readonly challenge?: string
  /** The server that it is for. */
  readonly audience?: string
}

/**
 * DID-Auth: a verifiable presentation as a JWT (EdDSA, RFC 8037), to the byte what LearnCard's
 * `getDidAuthVp({ proofFormat: 'jwt' })` makes. A Secret, for whoever holds it is taken for the wallet.
 */
export function makePresentation(seed: Secret, { challenge, audience }: PresentationOptions = {}): Secret {
  const did = didOf(seed)
  const header = { alg: 'EdDSA', kid: `${did}#${did.slice('did:key:'.length)}` }
  const claims = {
    iss: did,
    ...(audience !== undefined && { aud: audience }),
    vp: {
      '@context': ['https://www.w3.org/ns/credentials/v2'],
      type: ['VerifiablePresentation'],
      holder: did,
    },
    ...(challenge !== undefined && { nonce: challenge }),
  }
  const signed = [header, claims].map((part) => toBase64url(toUtf8(JSON.stringify(part)))).join('.')
  const signature = ed25519.sign(toUtf8(signed), seed.expose())
  return new Secret(`${signed}.${toBase64url(signature)}`)
}

/** For a header, a body or a screen. */
export const textOf = (secret: Secret): string => fromUtf8(secret.expose())
