import { equalBytes, toUtf8 } from '@strongroom/crypto'
import { HsmRefusal } from '../errors.ts'
import type { KeyJob, KeyNeed, KeyRecord } from '../keystore.ts'
import { isDeviceError } from '../pkcs11/device-error.ts'
import type { Handle } from '../pkcs11/session.ts'
import { shapeOf } from '../strategies/shapes.ts'
import type { Witness } from '../strategies/shelf.ts'
import { matches, matchesCheckValue } from './check-value.ts'
import { strategyOf } from './job-strategies.ts'
import { findUnfitAttribute, findUnfitCompanion, refuseUnfitCompanion, refuseUnfitKey } from './key-attributes.ts'
import { companionId, companionLabel, findCompanion, findKey } from './locate-key.ts'
import { readPublicHalf } from './public-half.ts'
import { type Companion, handlesIn, type TokenAccess, type TokenKey } from './token-key.ts'

const MOST_ID_BYTES = 64

export interface KeySet {
  readonly all: readonly TokenKey[]
  /** The newest active version for that job and use. Throws `HsmRefusal` where the app declared none. */
  current(job: KeyJob, use?: string): TokenKey
  /** Every version, whatever its state, the newest first. */
  versions(job: KeyJob, use: string): readonly TokenKey[]
  /** A key of that job by the `CKA_ID` that an envelope names. */
  named(job: KeyJob, id: Uint8Array): TokenKey | undefined
}

/**
 * Finds every recorded key, refuses one that is missing, doubled, unfit for its job or another than the recorded one,
 * and copies it to the session where that is safe. Throws `HsmRefusal`, `Unsupported` or `DeviceError`.
 */
export const loadKeys = (access: TokenAccess, records: readonly KeyRecord[]): KeySet =>
  keySetOf(records.map((record) => loadKey(access, record)))

export function keySetOf(all: readonly TokenKey[]): KeySet {
  const newestFirst = all
    .filter(({ record: { state = 'active' } }) => state === 'active')
    .toSorted((a, b) => b.record.version - a.record.version)
  return {
    all,
    current: (job, use = '') =>
      newestFirst.find(({ record }) => record.job === job && record.use === use) ?? refuseUndeclared({ job, use }),
    versions: (job, use) =>
      all
        .filter(({ record }) => record.job === job && record.use === use)
        .toSorted((a, b) => b.record.version - a.record.version),
    named: (job, id) => all.find((key) => key.record.job === job && equalBytes(key.id, id)),
  }
}

function loadKey(access: TokenAccess, record: KeyRecord): TokenKey {
  if (shapeOf(record.strategy).keyless) return loadKeyless(record)
  const own = findKey(access, record)
  if (own === undefined) refuseMissing(record.label)
  refuseUnfitKey(access, { record, handle: own })
  const companion = loadCompanion(access, record, own)
  const half = readPublicHalf(access.session, record)
  const key = { record, id: readKeyId(access, { record, own }), own, ...(companion && { companion }), ...half }
  proveStrategy(access, key)
  if (!matchesCheckValue({ ...access, record, handles: handlesIn('own', key) }, record.checkValue)) {
    const remedy = 'restore the token that belongs to this database'
    throw new HsmRefusal('key-mismatch', `the token's key "${record.label}" is not the recorded one: ${remedy}`)
  }
  return { ...key, ...copyToSession(access, key) }
}

function refuseMissing(label: string): never {
  const remedy = 'restore the token from its backup; a recorded key is never replaced'
  throw new HsmRefusal('key-missing', `the token does not hold the key "${label}": ${remedy}`)
}

/** Nothing of it is on the token: the seal key keeps what it would wrap, and is checked for itself. */
function loadKeyless(record: KeyRecord): TokenKey {
  const nothing = Buffer.alloc(0)
  return { record, id: new Uint8Array(), own: nothing, working: nothing }
}

/** Where no throw-away key could be had, the strategy is proved on this one: its witness. */
function proveStrategy({ capabilities }: TokenAccess, key: Omit<TokenKey, 'working'>): void {
  const { record } = key
  const { pair } = shapeOf(record.strategy)
  const witness: Witness = { keys: handlesIn('own', key), ...(pair && { pair }) }
  if (['seal', 'wrap', 'wrap-pair'].includes(record.job)) strategyOf(capabilities, record, witness)
}

function loadCompanion(access: TokenAccess, record: KeyRecord, key: Handle): Companion | undefined {
  if (shapeOf(record.strategy).companion === undefined) return undefined
  const own = findCompanion(access, record)
  if (own === undefined) refuseMissing(companionLabel(record.label))
  refuseOtherId(access, { label: record.label, key, companion: own })
  refuseUnfitCompanion(access, { record, companion: own })
  return { own, working: own }
}

/** Throws `HsmRefusal`, so that no key is taken for the companion of another. Keys of a ceremony may share one id. */
export function refuseOtherId(
  { session }: TokenAccess,
  { label, key, companion }: { label: string; key: Handle; companion: Handle },
): void {
  const [id, other] = [session.readAttribute(key, 'id'), session.readAttribute(companion, 'id')]
  if (equalBytes(other, companionId(id)) || equalBytes(other, id)) return
  const remedy = 'give both the same CKA_ID, or restore the token from its backup'
  throw new HsmRefusal('key-mismatch', `"${companionLabel(label)}" is not the companion of "${label}": ${remedy}`)
}

/** Keys that a ceremony made without an id are named by their label. */
export function readKeyId(
  { session }: Pick<TokenAccess, 'session'>,
  { record, own }: { record: Pick<KeyRecord, 'label'>; own: Handle },
): Uint8Array {
  const id = session.readAttribute(own, 'id')
  return id.length > 0 && id.length <= MOST_ID_BYTES ? id : toUtf8(record.label).subarray(0, MOST_ID_BYTES)
}

/** Both of its objects, or neither. */
function copyToSession(
  access: TokenAccess,
  key: Omit<TokenKey, 'working'>,
): Pick<TokenKey, 'working'> & Partial<Pick<TokenKey, 'companion'>> {
  const { own, companion, record } = key
  const copies: Handle[] = []
  const copy = (object: Handle): Handle => {
    const handle = access.session.copyObject(object, { token: false })
    copies.push(handle)
    return handle
  }
  try {
    const working = copy(own)
    const beside = companion && { own: companion.own, working: copy(companion.own) }
    const copied = { working, ...(beside && { companion: beside }) }
    const handles = handlesIn('working', { ...key, ...copied })
    const isEquivalent =
      findUnfitAttribute(access, { record, handle: working }) === undefined &&
      (beside === undefined || findUnfitCompanion(access, { record, companion: beside.working }) === undefined) &&
      matches({ ...access, record, handles }, record.checkValue)
    if (isEquivalent) return copied
  } catch (error) {
    if (!isDeviceError(error)) throw error
  }
  discard(access, copies)
  return { working: own }
}

function discard({ session }: TokenAccess, copies: readonly Handle[]): void {
  for (const copy of copies) {
    try {
      session.destroyObject(copy)
    } catch (error) {
      if (!isDeviceError(error)) throw error
    }
  }
}

function refuseUndeclared({ job, use }: KeyNeed): never {
  const name = use === '' ? `a ${job} key` : `a ${job} key for "${use}"`
  throw new HsmRefusal('key-undeclared', `this app did not declare ${name}: add it to the needs given to provisionKeys`)
}
