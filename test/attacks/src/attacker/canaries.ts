import { findDisguised } from './disguises.ts'
import type { Randomness } from './randomness.ts'

/** A secret that exists only to be looked for afterwards. */
export interface Canary {
  name: string
  secret: Uint8Array
}

export interface Leak {
  canary: string
  place: string
  encoding: string
}

/** Gives out secrets, each of its own, and remembers where each was put. */
export class Aviary {
  readonly canaries: Canary[] = []
  readonly #randomness: Randomness

  constructor(randomness: Randomness) {
    this.#randomness = randomness
  }

  /** `shape` makes it pass for what the field expects; its own 24 characters stay in one piece. */
  release(name: string, shape: (token: string) => string = (token) => token): string {
    const token = this.#randomness.token(24)
    this.watch(name, Buffer.from(token))
    return shape(token)
  }

  /** Something secret that the server made itself. */
  watch(name: string, secret: Uint8Array): void {
    this.canaries.push({ name, secret })
  }
}

/** What is cut has leaked as well: `JSON.parse` quotes ten characters, a log line ends somewhere. */
const piece = 8

export function findLeaks(canaries: readonly Canary[], place: string, text: string): Leak[] {
  return canaries.flatMap(({ name, secret }) => {
    const pieces = Array.from({ length: Math.floor(secret.length / piece) }, (_, at) =>
      secret.subarray(at * piece, (at + 1) * piece),
    )
    const found = new Set(pieces.flatMap((part) => findDisguised(part, text)))
    return [...found].map((encoding) => ({ canary: name, place, encoding }))
  })
}
