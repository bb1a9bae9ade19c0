import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import { encodeTuple, fromHex, sha256, toBase64url, toHex } from '@strongroom/crypto'
import type { KeyNeed } from '@strongroom/hsm'
import { z } from 'zod'
import type { ChainOwner } from './chain.ts'

/** The key that signs heads, and nothing else. */
export const auditKeyNeed: KeyNeed = { job: 'sign', use: 'audit' }

const hex = (bytes: number) => z.string().regex(new RegExp(`^[0-9a-f]{${String(bytes * 2)}}$`))

const headShape = z.strictObject({
  deployment: z.string(),
  app: z.string(),
  /** How many entries the chain had. */
  position: z.int().positive(),
  /** Of the last of them, hex. */
  hash: hex(32),
  /** When it was signed, by the database's clock: ISO 8601 in UTC, with milliseconds. */
  at: z.string(),
  /** Which key signed: `keyFingerprint` of its public key. */
  key: hex(32),
  /** ECDSA P-256 with SHA-256, r and s, hex. */
  signature: hex(64),
})

/** The chain's state at one moment, signed: whoever holds it notices every later change to what it covers. */
export type Head = Readonly<z.output<typeof headShape>>

/** What the signature covers. */
export const headMessage = ({ deployment, app, position, hash, at }: Omit<Head, 'key' | 'signature'>): Uint8Array =>
  encodeTuple('strongroom/audit/head', deployment, app, position, fromHex(hash), at)

/** SHA-256 of the uncompressed point, hex: also the check value of the key in its app's key registry. */
export const keyFingerprint = (publicKey: Uint8Array): string => toHex(sha256(publicKey))

/** One line of JSON, without its end. */
export const headToJson = (head: Head): string => JSON.stringify(headShape.parse(head))

/** `undefined` for whatever is not a head, such as a line that a crash cut off. */
export function headFromJson(text: string): Head | undefined {
  try {
    return headShape.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}

/**
 * Judges heads by public keys (uncompressed SEC 1 points, 65 bytes) and by whose chain they are of.
 * @throws Error at once for a point that is not on P-256.
 */
export function headJudge(owner: ChainOwner, publicKeys: readonly Uint8Array[]): (head: Head) => boolean {
  const keys = new Map(publicKeys.map((point) => [keyFingerprint(point), toKey(point)]))
  return (head) => {
    const key = keys.get(head.key)
    if (!key || head.deployment !== owner.deployment || head.app !== owner.app) return false
    return verify('sha256', headMessage(head), { key, dsaEncoding: 'ieee-p1363' }, fromHex(head.signature))
  }
}

// node:crypto, which takes a tenth of a millisecond: a year of heads is millions of signatures.
function toKey(point: Uint8Array): KeyObject {
  if (point.length !== 65 || point[0] !== 4) throw new Error('a public key is an uncompressed point of 65 bytes')
  const [x, y] = [toBase64url(point.subarray(1, 33)), toBase64url(point.subarray(33))]
  return createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' })
}
