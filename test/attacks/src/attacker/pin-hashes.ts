import { createHmac, hash, scrypt, type ScryptOptions } from 'node:crypto'
import { promisify } from 'node:util'

const derive = promisify<string, Uint8Array, number, ScryptOptions, Buffer>(scrypt)

/** A value of the dump, under the name of a column that holds it. */
export interface Ingredient {
  name: string
  bytes: Uint8Array
}

export interface Hit {
  method: string
  pin: string
  salt: string
  hash: string
}

/** Finds any of the dump's values by the first 16 bytes that a derivation gave, in hex: a cut hash is a hash too. */
export class KnownHashes {
  readonly #names = new Map<string, string>()

  constructor(values: readonly Ingredient[]) {
    for (const { name, bytes } of values) {
      if (bytes.length >= 16 && bytes.length <= 64) this.#names.set(startOf(Buffer.from(bytes).toString('hex')), name)
    }
  }

  nameOf(derived: string): string | undefined {
    return this.#names.get(startOf(derived))
  }
}

const startOf = (hex: string): string => hex.slice(0, 32)

/** Text, or bytes that are none. */
export type Guess = string | Uint8Array

type Derivation = (guess: Guess) => { method: string; salt: string; derived: string }

/** Every quick way to keep a PIN: SHA-2 plain and salted on either side, HMAC under each value. */
export function listQuickDerivations(salts: readonly Ingredient[]): Derivation[] {
  return ['sha256', 'sha512'].flatMap((algorithm): Derivation[] => [
    (guess) => ({ method: algorithm, salt: 'none', derived: hash(algorithm, guess) }),
    ...salts.flatMap(({ name, bytes }): Derivation[] => [
      (guess) => ({
        method: `${algorithm}(salt, pin)`,
        salt: name,
        derived: hash(algorithm, Buffer.concat([bytes, Buffer.from(guess)])),
      }),
      (guess) => ({
        method: `${algorithm}(pin, salt)`,
        salt: name,
        derived: hash(algorithm, Buffer.concat([Buffer.from(guess), bytes])),
      }),
      (guess) => ({
        method: `hmac-${algorithm}`,
        salt: name,
        derived: createHmac(algorithm, bytes).update(guess).digest('hex'),
      }),
    ]),
  ])
}

export function tryDerivations(guess: Guess, derivations: readonly Derivation[], known: KnownHashes): Hit[] {
  const pin = typeof guess === 'string' ? guess : Buffer.from(guess).toString('hex')
  const hits: Hit[] = []
  for (const derivation of derivations) {
    const { method, salt, derived } = derivation(guess)
    const found = known.nameOf(derived)
    if (found !== undefined) hits.push({ method, pin, salt, hash: found })
  }
  return hits
}

interface ScryptTrial {
  readonly known: KnownHashes
  /** N, the other parameters being r=8 and p=1: Node's default, 16384, unless said. */
  readonly cost?: number
}

/** Scrypt of this PIN under each value. A shorter output is the start of a longer one. */
export async function tryScrypt(
  pin: string,
  salts: readonly Ingredient[],
  { known, cost: N = 16_384 }: ScryptTrial,
): Promise<Hit[]> {
  const hits: Hit[] = []
  for (const { name, bytes } of salts) {
    const found = known.nameOf((await derive(pin, bytes, 64, { N })).toString('hex'))
    if (found !== undefined) hits.push({ method: 'scrypt', pin, salt: name, hash: found })
  }
  return hits
}
