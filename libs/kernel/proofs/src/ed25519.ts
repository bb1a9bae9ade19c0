import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import { fromHex, type SignedMessage, toHex } from '@strongroom/crypto'
import { checked } from './did-key.ts'

const MOST_KEYS = 1024
const known = new Map<string, KeyObject>()

/**
 * The key of these 32 bytes, ready to verify with; `undefined` for what `checkEd25519Key` refuses. Which keys OpenSSL
 * refuses depends on its release, so each is checked first; the last thousand that were good are remembered.
 */
export function openEd25519Key(bytes: Uint8Array): KeyObject | undefined {
  const name = toHex(bytes)
  const key = known.get(name) ?? makeKey(bytes)
  if (!key) return undefined
  known.delete(name)
  known.set(name, key)
  if (known.size > MOST_KEYS) known.delete(known.keys().next().value as string)
  return key
}

/**
 * `verifyEd25519` of `@strongroom/crypto` by OpenSSL, a tenth of the time, and no looser: OpenSSL computes R and compares
 * its bytes, so that an R that is not canonical fits nothing, and without the cofactor, so that it refuses more than RFC
 * 8032 has to of what no honest signer makes. A key that is none is false.
 */
export function verifyByOpenSsl({ message, signature, publicKey }: SignedMessage): boolean {
  const key = openEd25519Key(publicKey)
  return key !== undefined && isReduced(signature) && verify(null, message, key, signature)
}

const ORDER = fromHex('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010')

/** Whether a signature has 64 bytes and its S is below the order of the group: with S + L there would be a second one. */
export function isReduced(signature: Uint8Array): boolean {
  if (signature.length !== 64) return false
  const differs = ORDER.findLastIndex((byte, at) => byte !== signature[32 + at])
  return differs >= 0 && (signature[32 + differs] as number) < (ORDER[differs] as number)
}

const SPKI = fromHex('302a300506032b6570032100')

const makeKey = (bytes: Uint8Array): KeyObject | undefined =>
  checked(bytes) && createPublicKey({ key: Buffer.concat([SPKI, bytes]), format: 'der', type: 'spki' })
