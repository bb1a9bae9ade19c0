import { createHash, randomBytes } from 'node:crypto'

export interface Randomness {
  seed: string
  /** An integer from 0 up to and without `below`. */
  integer(below: number): number
  /** Letters and digits only, so that every encoding of it is predictable. */
  token(length: number): string
  /** Four digits that differ from `pin`. */
  wrongPin(pin: string): string
}

const letters = 'abcdefghijklmnopqrstuvwxyz0123456789'

/** The same seed gives the same attack; what the scheduler of the server makes of it is not ours to repeat. */
export function drawFrom(seed: string): Randomness {
  let drawn = 0
  const integer = (below: number): number => {
    const block = createHash('sha256').update(`${seed}/${drawn++}`).digest()
    return block.readUIntBE(0, 6) % below
  }
  const token = (length: number): string =>
    Array.from({ length }, () => letters.charAt(integer(letters.length))).join('')
  const wrongPin = (pin: string): string => {
    const guess = String(integer(10_000)).padStart(4, '0')
    return guess === pin ? wrongPin(pin) : guess
  }
  return { seed, integer, token, wrongPin }
}

/** `ATTACK_SEED` repeats an attack that failed. */
export const drawSeed = (): string => process.env['ATTACK_SEED'] ?? randomBytes(6).toString('hex')
