import { fromBase64url, type RandomSource, sha256, toBase64url } from '@strongroom/crypto'

const ID = 16
const DRAWN = 32
const pattern = /^[\w-]{64}$/

export interface DrawnSecret {
  /** What the operator is told, once: 64 characters of base64url. */
  readonly text: string
  readonly id: string
  readonly digest: Uint8Array
}

/** A secret for an app: the id of its row, by which it is found, and 32 random bytes, of which the hash is kept. */
export function drawSecret(random: RandomSource): DrawnSecret {
  const [id, drawn] = [random(ID), random(DRAWN)]
  if (id.length !== ID || drawn.length !== DRAWN) throw new Error('the random source gave another number of bytes')
  return { text: toBase64url(Uint8Array.of(...id, ...drawn)), id: uuidOf(id), digest: sha256(drawn) }
}

/** `undefined` for what was never drawn. */
export function readSecret(text: string): Pick<DrawnSecret, 'id' | 'digest'> | undefined {
  if (!pattern.test(text)) return undefined
  const bytes = fromBase64url(text)
  return { id: uuidOf(bytes.subarray(0, ID)), digest: sha256(bytes.subarray(ID)) }
}

const uuidOf = (bytes: Uint8Array): string =>
  Buffer.from(bytes)
    .toString('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
