import { setImmediate as breathe } from 'node:timers/promises'
import { encodeTuple } from '@strongroom/crypto'
import { type Hit, type Ingredient, KnownHashes, listQuickDerivations, tryDerivations } from './pin-hashes.ts'

export interface ContactGuessing {
  /** Every value of the dump: a hash of a contact would be one of them, */
  stored: readonly Ingredient[]
  /** and its salt or key one of these. */
  salts: readonly Ingredient[]
  type: 'email' | 'phone'
  /** All addresses or numbers that it may be. */
  candidates: readonly string[]
}

/** Numbers of one range, or names at one provider, are few: hashed with anything that is stored, they are as good as in clear. */
export async function guessContacts({ stored, salts, type, candidates }: ContactGuessing): Promise<Hit[]> {
  const known = new KnownHashes(stored)
  const derivations = listQuickDerivations(salts)
  const hits: Hit[] = []
  for (const [at, candidate] of candidates.entries()) {
    for (const form of formsOf(type, candidate)) hits.push(...tryDerivations(form, derivations, known))
    if (at % 50 === 0) await breathe()
  }
  return hits
}

/** As it is, as others join type and value, and as our source does, which an attacker has read. */
const formsOf = (type: string, value: string): string[] => [
  value,
  `${type}:${value}`,
  Buffer.from(encodeTuple(type, value)).toString('latin1'),
]
