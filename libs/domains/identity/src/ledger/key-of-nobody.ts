import { encodeTuple, type RandomSource, sha256 } from '@strongroom/crypto'
import { readAccountKey, writeStrkey } from '@strongroom/proofs'

/**
 * The key that the embedded ledger puts for itself: hashed to, not made of a seed, so that nobody has its private half. An
 * account that it signs for is changed by the ledger alone.
 */
export const keyOfNobody = (networkPassphrase: string): string =>
  firstKey((tried) => sha256(encodeTuple('ledger.own-key', networkPassphrase, tried)))

/** A name for an account that no key was made for. */
export const drawAccount = (random: RandomSource): string => firstKey(() => random(32))

const MOST_TRIES = 256

/** Every other text of 32 bytes is a point. */
function firstKey(candidate: (tried: number) => Uint8Array): string {
  for (let tried = 0; tried < MOST_TRIES; tried++) {
    const key = writeStrkey('account', candidate(tried))
    if (readAccountKey(key)) return key
  }
  throw new Error('the random source is stuck')
}
