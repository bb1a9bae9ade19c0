import { hkdf } from '@noble/hashes/hkdf.js'
import { scryptAsync } from '@noble/hashes/scrypt.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { exposeKey, type KeyMaterial } from './key-material.ts'
import { Secret } from './secret.ts'

export type HkdfParameters = {
  /** Not secret; best random. Left out, it is 32 zero bytes, as the RFC says. */
  readonly salt?: Uint8Array
  /** What the derived key is for: two purposes never share one `info`. */
  readonly info: Uint8Array
  /** Bytes, 1 to 8160. */
  readonly length: number
}

/**
 * RFC 5869, extract and expand. For key material that is random already: a password wants `scrypt`.
 * @throws RangeError for a length that is out of range.
 */
export function hkdfSha256(key: KeyMaterial, { salt, info, length }: HkdfParameters): Secret {
  if (!Number.isSafeInteger(length) || length < 1 || length > 8160) throw new RangeError('HKDF gives 1 to 8160 bytes')
  return new Secret(hkdf(sha256, exposeKey(key), salt, info, length))
}

export type ScryptParameters = {
  /** N, a power of two above 1. */
  readonly cost: number
  /** r. */
  readonly blockSize: number
  /** p. */
  readonly parallelization: number
  /** Bytes to derive. */
  readonly length: number
}

const memoryLimit = 256 * 1024 * 1024

/**
 * RFC 7914. Gives way to the event loop while it works. Parameters may come from whoever stored them, so what needs
 * more than 256 MiB (128 · r · (N + p)) is refused before any of it is allocated.
 * @throws RangeError for parameters that are out of range or over that limit.
 */
export async function scrypt(password: KeyMaterial, salt: Uint8Array, parameters: ScryptParameters): Promise<Secret> {
  checkScryptParameters(parameters)
  const { cost: N, blockSize: r, parallelization: p, length: dkLen } = parameters
  return new Secret(await scryptAsync(exposeKey(password), salt, { N, r, p, dkLen }))
}

function checkScryptParameters({ cost, blockSize, parallelization, length }: ScryptParameters): void {
  const all = [cost, blockSize, parallelization, length]
  if (!all.every((value) => Number.isSafeInteger(value) && value >= 1)) {
    throw new RangeError('scrypt parameters are positive integers')
  }
  if (cost < 2 || !Number.isInteger(Math.log2(cost))) throw new RangeError('the scrypt cost is a power of two above 1')
  if (128 * blockSize * (cost + parallelization) + length > memoryLimit) {
    throw new RangeError('scrypt would need more than 256 MiB')
  }
}
