import { setImmediate as breathe } from 'node:timers/promises'
import { encodeTuple } from '@strongroom/crypto'
import { sha256 } from './identity-key.ts'
import {
  type Guess,
  type Hit,
  type Ingredient,
  KnownHashes,
  listQuickDerivations,
  tryDerivations,
  tryScrypt,
} from './pin-hashes.ts'

export interface Guessing {
  /** Every value of the dump: a hash of what is looked for would be one of them, */
  readonly stored: readonly Ingredient[]
  /** and its salt or key one of these. */
  readonly salts: readonly Ingredient[]
}

export interface ContactGuessing extends Guessing {
  readonly type: 'email' | 'phone' | 'passport'
  /** All addresses or numbers that it may be. */
  readonly candidates: readonly string[]
}

/** Numbers of one range, or names at one provider, are few: hashed with anything that is stored, they are as good as in clear. */
export const guessContacts = ({ type, candidates, ...guessing }: ContactGuessing): Promise<Hit[]> =>
  guessForms(guessing, candidates, (candidate) => formsOf(type, candidate))

/** As it is, as others join type and value, and as our source does, which an attacker has read. */
const formsOf = (type: string, value: string): Guess[] => [value, `${type}:${value}`, encodeTuple(type, value)]

export interface TextGuessing extends Guessing {
  /** `G…` */
  readonly owner: string
  /** Of the blob, as its bit. */
  readonly type: number
  /** All that somebody may have filled into a form. */
  readonly candidates: readonly string[]
}

/** A private text is known but for a few fields: whatever is derived from it tells which of them are right. */
export const guessTexts = ({ owner, type, candidates, ...guessing }: TextGuessing): Promise<Hit[]> =>
  guessForms(guessing, candidates, (text) => [
    text,
    `${owner}${text}`,
    // TokenD's ids, and what ours are the MAC of.
    `${owner}${String(type)}${text}`,
    encodeTuple('id', owner, type, '', sha256(text)),
  ])

async function guessForms(
  { stored, salts }: Guessing,
  candidates: readonly string[],
  formsOfOne: (candidate: string) => readonly Guess[],
): Promise<Hit[]> {
  const known = new KnownHashes(stored)
  const derivations = listQuickDerivations(salts)
  const hits: Hit[] = []
  for (const [at, candidate] of candidates.entries()) {
    const found = formsOfOne(candidate).flatMap((form) => tryDerivations(form, derivations, known))
    hits.push(...found.map((hit) => ({ ...hit, pin: candidate })))
    if (at % 50 === 0) await breathe()
  }
  return hits
}

/**
 * The same by scrypt with N=1024, of what is known to be right alone: a list of all would take minutes and prove no more. If it
 * verifies under any value, so would the thief's last try.
 */
export async function confirmByScrypt({ stored, salts }: Guessing, right: readonly string[]): Promise<Hit[]> {
  const known = new KnownHashes(stored)
  const usable = salts.filter(({ bytes }) => bytes.length >= 8 && bytes.length <= 64)
  const hits: Hit[] = []
  for (const one of right) hits.push(...(await tryScrypt(one, usable, { known, cost: 1024 })))
  return hits
}
