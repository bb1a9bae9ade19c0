import { setImmediate as breathe } from 'node:timers/promises'
import { findDisguised } from '../attacker/disguises.ts'
import { fromBase32 } from '../attacker/identity-key.ts'
import type { Owner } from '../attacker/owner.ts'
import {
  KnownHashes,
  listQuickDerivations,
  tryDerivations,
  tryScrypt,
  type Hit,
  type Ingredient,
} from '../attacker/pin-hashes.ts'
import type { Randomness } from '../attacker/randomness.ts'
import type { DumpedCell } from '../target.ts'

export interface OfflineAttack {
  cells: readonly DumpedCell[]
  log: string
  /** The first one's PIN is the one to find by trying, so it has four digits. */
  owners: readonly [Owner, ...Owner[]]
  randomness: Randomness
  /** How many four-digit PINs are tried by quick hashes, from 0000 on: all of them unless said otherwise. */
  guesses?: number
}

export interface OfflineVerdict {
  cells: number
  /** Distinct values that were tried as salt, key or hash. */
  ingredients: number
  /** Where a known secret lies open: the secret, the place, the encoding. */
  exposed: string[]
  guesses: number
  scryptGuesses: number
  /** Derivations that confirm the PIN: with one of them, every PIN of the dump is 10^4 guesses away. */
  hits: Hit[]
  /** Derivations that confirm a PIN that is not the owner's, which only a mistake of ours can cause. */
  falseHits: Hit[]
}

const allPins = 10_000
const mostIngredients = 200
const scryptSample = 3

/** Case 5: what a thief of the database and the logs can read or find out without the server and its token. */
export async function attackOffline(attack: OfflineAttack): Promise<OfflineVerdict> {
  const { cells, log, owners, randomness, guesses = allPins } = attack
  const { pin } = owners[0]
  const salts = gatherIngredients(cells)
  if (salts.length > mostIngredients) throw new Error(`${salts.length} values are too many to try; dump fewer rows.`)
  const known = new KnownHashes(salts)
  const derivations = listQuickDerivations(salts)
  const hits: Hit[] = []
  for (let guess = 0; guess < guesses; guess++) {
    hits.push(...tryDerivations(String(guess).padStart(4, '0'), derivations, known))
    if (guess % 500 === 0) await breathe()
  }
  // 10^4 PINs by scrypt would take minutes for each salt and prove no more: the guess that counts is the owner's PIN. If it
  // verifies under any pair of columns, so would the thief's ten-thousandth try; the sample shows that only the PIN does.
  const sample = [pin, ...Array.from({ length: scryptSample }, () => randomness.wrongPin(pin))]
  const scryptSalts = salts.filter(({ bytes }) => bytes.length >= 8 && bytes.length <= 64)
  for (const one of sample) hits.push(...(await tryScrypt(one, scryptSalts, { known })))
  return {
    cells: cells.length,
    ingredients: salts.length,
    exposed: owners.flatMap((owner) => findExposed(owner, cells, log)),
    guesses,
    scryptGuesses: sample.length,
    hits: hits.filter((hit) => hit.pin === pin),
    falseHits: hits.filter((hit) => hit.pin !== pin),
  }
}

/** Each distinct value once, text also as the bytes that it spells: the same guess need not be made twice. */
export function gatherIngredients(cells: readonly DumpedCell[]): Ingredient[] {
  const distinct = new Map<string, Ingredient>()
  for (const { table, column, value } of cells) {
    for (const bytes of readingsOf(value)) {
      const known = Buffer.from(bytes).toString('base64')
      if (bytes.length > 0 && !distinct.has(known)) distinct.set(known, { name: `${table}.${column}`, bytes })
    }
  }
  return [...distinct.values()]
}

function readingsOf(value: Uint8Array | string): Uint8Array[] {
  if (typeof value !== 'string') return [value]
  // Counters, flags and times: too many to try, and each of them guessable without the dump.
  if (/^(?:-?\d+|true|false|-?infinity|\d{4}-\d\d-\d\dT[\d:.]+Z)$/.test(value)) return []
  const text = Buffer.from(value)
  const hex = /^(?:\\x)?((?:[0-9a-f]{2}){8,})$/i.exec(value.replaceAll('-', ''))?.[1]
  const isBase64 = value.length >= 16 && /^[A-Za-z0-9+/_-]+={0,2}$/.test(value)
  const isBase32 = /^[A-Z2-7]{52}$/.test(value)
  return [
    text,
    ...(hex ? [Buffer.from(hex, 'hex')] : []),
    ...(isBase64 ? [Buffer.from(value, 'base64')] : []),
    ...(isBase32 ? [fromBase32(value)] : []),
  ]
}

function findExposed(owner: Owner, cells: readonly DumpedCell[], log: string): string[] {
  const places = Map.groupBy(cells, ({ table, column }) => `${table}.${column}`)
  const texts = [...places].map(([place, found]) => [place, found.map(({ value }) => value)] as const)
  return [...texts, ['log', [log]] as const].flatMap(([place, values]) => [
    ...findKey(owner.encryptionKey, values).map((encoding) => `encryption key in ${place}, ${encoding}`),
    ...findPin(owner.pin, values).map((encoding) => `PIN in ${place}, ${encoding}`),
  ])
}

const textOf = (value: DumpedCell['value']): string =>
  typeof value === 'string' ? value : Buffer.from(value).toString('latin1')

function findKey(encryptionKey: string, values: readonly DumpedCell['value'][]): string[] {
  const key = Buffer.from(encryptionKey, 'base64')
  const isRaw = values.some((value) => typeof value !== 'string' && Buffer.from(value).includes(key))
  return [...(isRaw ? ['raw'] : []), ...findDisguised(key, values.map(textOf).join('\n'))]
}

/** Four digits turn up by chance inside other numbers and ids, so a short PIN counts only where it stands alone. */
function findPin(pin: string, values: readonly DumpedCell['value'][]): string[] {
  const text = values.map(textOf).join('\n')
  if (pin.length >= 8) return findDisguised(Buffer.from(pin), text)
  const alone = new RegExp(`(?<![\\w:.+-])${pin}(?![\\w:.-])`)
  const credentials = Buffer.from(`:${pin}`).toString('base64')
  return [...(alone.test(text) ? ['clear'] : []), ...(text.includes(credentials) ? ['Basic credentials'] : [])]
}
