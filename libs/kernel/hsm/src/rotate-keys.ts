import { equalBytes } from '@strongroom/crypto'
import { HsmRefusal } from './errors.ts'
import { findCompanion, findKey, findPublicKey } from './keys/locate-key.ts'
import { ID_BYTES, type NewKey } from './keys/make-key.ts'
import type { TokenAccess } from './keys/token-key.ts'
import { kekJobs, type KeyRecord, type UseJob } from './keystore.ts'
import { type FoundKey, isSameNeed, newRecord, ownLabel, provisionKey, recordOfFound } from './provision-token.ts'
import { type Candidate, type Candidates, makeMacVersion } from './several/mac-keys.ts'
import { type Recorded, type TokenConnections, withTokens } from './several/with-tokens.ts'
import { shapeOf } from './strategies/shapes.ts'

interface Keys extends Recorded {
  /** All at hand, the first one first. */
  readonly tokens: TokenConnections
}

/** Whether the app made it; a key that the operator named is the operator’s. */
export const isOwnKey = (record: KeyRecord, app: string): boolean => record.label === ownLabel(record, app)

/**
 * Makes that version of every key that seals or wraps, on every token, and answers the records of those that are not
 * recorded yet, to be stored before first use. What a crash left on a token is adopted. Of a key that the operator
 * named, the operator names the next one. Errors as of `provisionKeys`.
 */
export async function publishKeys({
  tokens,
  existing,
  version,
  found = [],
  epoch,
}: Keys & { version: number; found?: readonly FoundKey[] }): Promise<KeyRecord[]> {
  const [{ app }] = tokens
  return withTokens(tokens, { existing, epoch }, (candidates) =>
    candidates.flatMap((candidate) => publishOn(candidate, { version, found, app })),
  )
}

interface Edition {
  readonly version: number
  readonly found: readonly FoundKey[]
  readonly app: string
}

function publishOn({ access, recorded, token }: Candidate, { version, found, app }: Edition): KeyRecord[] {
  const keks = recorded.filter(({ job, state = 'active' }) => kekJobs.includes(job) && state === 'active')
  return keks.flatMap((known) => {
    if (recorded.some((record) => isSameNeed(record, known) && record.version === version)) return []
    const { job, use } = known
    const named = found.find((key) => isSameNeed(key, known))
    const planned =
      named === undefined
        ? ({ record: newRecord(access, { need: { job, use }, app, version }), source: 'made' } as const)
        : recordOfFound(access, { ...named, version })
    if (recorded.some(({ label }) => label === planned.record.label)) refuseSameKey(known)
    return [{ ...provisionKey(access, planned), state: 'published' as const, ...(token !== undefined && { token }) }]
  })
}

/**
 * Makes that version of the MAC key of one use, the same on every token, and answers the records of those that are not
 * recorded yet. Of a key that the operator named nothing is made. Errors as of `provisionKeys`.
 */
export const publishMacKey = (keys: Keys & NextVersion): Promise<KeyRecord[]> =>
  publishNext(keys, 'mac', (candidates, record) => makeMacVersion(candidates, record))

/** The same of a signing key, which the first token alone has. */
export const publishSigningKey = (keys: Keys & NextVersion): Promise<KeyRecord[]> =>
  publishNext(keys, 'sign', ([first], record) => [provisionKey(first.access, { record, source: 'made' })])

interface NextVersion {
  readonly use: string
  readonly version: number
}

async function publishNext(
  { tokens, existing, use, version, epoch }: Keys & NextVersion,
  job: UseJob,
  make: (candidates: Candidates, record: NewKey) => KeyRecord[],
): Promise<KeyRecord[]> {
  const [{ app }] = tokens
  const need = { job, use } as const
  const known = existing.filter((record) => isSameNeed(record, need))
  for (const record of known) assertOurs(record, app)
  if (known.some((record) => record.version === version)) return []
  return withTokens(tokens, { existing, epoch }, ([first, ...others]) => {
    if (first === undefined) return []
    const made = make([first, ...others], newRecord(first.access, { need, app, version }))
    return made.map((record) => ({ ...record, state: 'published' as const }))
  })
}

function refuseSameKey({ label }: KeyRecord): never {
  const remedy = 'name the next one instead, or none, and the app makes its own'
  throw new HsmRefusal('key-unfit', `the key "${label}", which is to be replaced, is named as the next one: ${remedy}`)
}

/** The ids of keys that were recorded without one. */
export async function identifyKeys({ tokens, existing, epoch }: Keys): Promise<KeyRecord[]> {
  return withTokens(tokens, { existing, epoch }, (candidates) =>
    candidates.flatMap(({ keys }) => keys.all.map(({ record, id }) => ({ ...record, keyId: Uint8Array.from(id) }))),
  )
}

/**
 * Destroys these keys, on every token that has them, and answers those that were there. None of them is checked before:
 * what a crash left half destroyed is destroyed. Throws `HsmRefusal` for a key that the app did not make, or whose id is not the recorded one.
 */
export async function destroyKeys({
  tokens,
  existing,
  doomed,
  epoch,
}: Keys & { doomed: readonly KeyRecord[] }): Promise<KeyRecord[]> {
  const [{ app }] = tokens
  for (const record of doomed) assertOurs(record, app)
  const isDoomed = (record: KeyRecord) =>
    doomed.some(({ label, token }) => label === record.label && token === record.token)
  const others = existing.filter((record) => !isDoomed(record))
  return withTokens(tokens, { existing: others, epoch }, (candidates) =>
    candidates.flatMap(({ access, token }) =>
      doomed.filter((record) => record.token === token && destroyOn(access, record) > 0),
    ),
  )
}

/** Only of such a key can it be told, by searching for its id, that nothing refers to it. Throws `HsmRefusal`. */
export function assertOurs(record: KeyRecord, app: string): void {
  const { strategy, keyId, label } = record
  const isNamed = shapeOf(strategy).keyless === true || keyId?.length === ID_BYTES
  if (isOwnKey(record, app) && isNamed) return
  const remedy = 'the operator who made it destroys it, by the vendor’s means, once no value names it'
  throw new HsmRefusal('key-unfit', `the key "${label}" is not one that this app made: ${remedy}`)
}

/** The key last: while it is there a half of it is found by its label. */
function destroyOn(access: TokenAccess, record: KeyRecord): number {
  const { companion, pair, keyless } = shapeOf(record.strategy)
  if (keyless) return 0
  const key = findKey(access, record)
  if (key !== undefined && !equalBytes(access.session.readAttribute(key, 'id'), record.keyId ?? new Uint8Array())) {
    const remedy = 'restore the token that belongs to this database'
    throw new HsmRefusal('key-mismatch', `the token's key "${record.label}" is not the recorded one: ${remedy}`)
  }
  const mac = companion === undefined ? undefined : findCompanion(access, record)
  const half = pair === undefined ? undefined : findPublicKey(access, record)
  const objects = [mac, half, key].filter((object) => object !== undefined)
  for (const object of objects) access.session.destroyObject(object)
  return objects.length
}
