import { equalBytes } from '@strongroom/crypto'
import { HsmRefusal, Unsupported } from '../errors.ts'
import { matchesCheckValue } from '../keys/check-value.ts'
import { importKey } from '../keys/import-key.ts'
import { refuseUnfitKey } from '../keys/key-attributes.ts'
import { type KeySet, readKeyId } from '../keys/key-set.ts'
import { findKey } from '../keys/locate-key.ts'
import type { NewKey } from '../keys/make-key.ts'
import type { TokenAccess } from '../keys/token-key.ts'
import { type KeyNeed, type KeyRecord, loadable } from '../keystore.ts'
import { lacksCapability } from '../pkcs11/device-error.ts'
import { type FoundKey, isSameNeed, newRecord, provisionKey, recordOfFound } from '../provision-token.ts'
import { refuseOtherMacKey } from './token-records.ts'

const MAC_KEY_BYTES = 64

/** A token in the ceremony. `token` is what its records say: nothing of the first one. */
export interface Candidate {
  readonly access: TokenAccess
  readonly label: string
  readonly token?: string
  /** What the database holds of it. */
  readonly recorded: readonly KeyRecord[]
  /** Those of them that are loaded. */
  readonly keys: KeySet
}

export type Candidates = readonly [Candidate, ...Candidate[]]

interface Wish {
  readonly need: KeyNeed
  readonly found: readonly FoundKey[]
  readonly app: string
}

/**
 * One MAC key on every token. Where nothing is recorded and the first has none, it is drawn there and imported into all,
 * the first one last: so a key that a crash left elsewhere was never used, and is made anew. Where the first has one it
 * must have been cloned.
 */
export function provisionMacKey(candidates: Candidates, { need, found, app }: Wish): KeyRecord[] {
  const [first, ...others] = candidates
  const recorded = candidates.flatMap((one) => loadable(one.recorded).filter((record) => isSameNeed(record, need)))
  if (recorded.length > 0) return uniqueLabels(recorded).flatMap((record) => adoptClones(candidates, record))
  const own = found.find((key) => isSameNeed(key, need))
  if (own !== undefined) {
    const known = provisionKey(first.access, recordOfFound(first.access, own))
    return [known, ...adoptClones(others, known)]
  }
  return makeMacVersion(candidates, newRecord(first.access, { need, app }))
}

/** The same of any version that nothing is recorded of. One token alone makes it; several are given the same. */
export function makeMacVersion(candidates: Candidates, record: NewKey): KeyRecord[] {
  const [first, ...others] = candidates
  if (others.length > 0 && findKey(first.access, record) === undefined) return drawMacKey(candidates, record)
  const adopted = provisionKey(first.access, { record, source: 'made' })
  return [adopted, ...adoptClones(others, adopted)]
}

/** Records of the tokens that have none. Throws `HsmRefusal` where one lacks the key, or has another. */
const adoptClones = (candidates: readonly Candidate[], known: KeyRecord): KeyRecord[] =>
  candidates
    .filter(({ recorded }) => !recorded.some(({ label }) => label === known.label))
    .map((one) => adoptClone(one, known))

function adoptClone({ access, label, token }: Candidate, known: KeyRecord): KeyRecord {
  const { token: _, ...record } = known
  const handle = findKey(access, record)
  if (handle === undefined) {
    const remedy =
      'no key leaves a token that it was made in: clone it there by the vendor’s means, and provision again'
    throw new HsmRefusal('key-uncloned', `the token "${label}" lacks the MAC key "${record.label}": ${remedy}`)
  }
  refuseUnfitKey(access, { record, handle })
  if (!matchesCheckValue({ ...access, record, handles: { key: handle } }, record.checkValue))
    refuseOtherMacKey(label, record)
  return { ...record, keyId: readKeyId(access, { record, own: handle }), ...(token !== undefined && { token }) }
}

function drawMacKey(candidates: Candidates, record: NewKey): KeyRecord[] {
  const [first, ...others] = candidates
  for (const { access } of others) destroyUnused(access, record)
  const value = first.access.session.drawRandom(MAC_KEY_BYTES)
  try {
    for (const candidate of [...others, first]) importInto(candidate, record, value)
  } finally {
    value.fill(0)
  }
  const made = candidates.map(({ access, token }) => ({
    ...provisionKey(access, { record, source: 'made' }),
    ...(token !== undefined && { token }),
  }))
  const odd = candidates.find((_, at) => !equalBytes(made[at]?.checkValue ?? value, made[0]?.checkValue ?? value))
  if (odd !== undefined) refuseOtherMacKey(odd.label, record)
  return made
}

/** What a token lacks is no outage: there the vendor's means are the only ones. */
function importInto({ access, label }: Candidate, record: NewKey, value: Uint8Array): void {
  try {
    importKey(access, record, value)
  } catch (error) {
    if (!lacksCapability(error)) throw error
    throw new Unsupported(`a MAC key from outside on the token "${label}" (${error.message}): clone it there`)
  }
}

function destroyUnused(access: TokenAccess, record: NewKey): void {
  const left = findKey(access, record)
  if (left !== undefined) access.session.destroyObject(left)
}

const uniqueLabels = (records: readonly KeyRecord[]): readonly KeyRecord[] =>
  records.filter(({ label }, at) => records.findIndex((other) => other.label === label) === at)
