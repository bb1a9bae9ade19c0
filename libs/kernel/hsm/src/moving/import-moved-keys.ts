import { connect, type TokenConnection } from '../connect.ts'
import { HsmRefusal, HsmUnavailable } from '../errors.ts'
import { matchesCheckValue } from '../keys/check-value.ts'
import { importKey } from '../keys/import-key.ts'
import { refuseUnfitKey } from '../keys/key-attributes.ts'
import { findKey } from '../keys/locate-key.ts'
import type { TokenAccess } from '../keys/token-key.ts'
import type { KeyRecord, RecoveryKeystore } from '../keystore.ts'
import { DeviceError } from '../pkcs11/device-error.ts'
import type { Handle } from '../pkcs11/session.ts'
import { type MovableCopy, movableBinding } from './movable-copy.ts'

export interface MovedKeys {
  /** Where the keys go. */
  readonly target: TokenConnection
  /** MAC keys as they are recorded of the token that is left. */
  readonly records: readonly KeyRecord[]
  readonly copies: readonly MovableCopy[]
  /** Opens the copies; without it the keys must have been cloned by the vendor’s means. */
  readonly safe: RecoveryKeystore | undefined
}

/**
 * The very same MAC keys on another token, each proved by its check value, and their records. Names all that cannot be had
 * before it makes one. Throws `HsmRefusal`, and as `connect` does.
 */
export async function importMovedKeys({ target, records, copies, safe }: MovedKeys): Promise<readonly KeyRecord[]> {
  const values = new Map<string, Uint8Array>()
  const link = await connect(target, [])
  try {
    const { access } = link
    const absent = records.filter((record) => findKey(access, record) === undefined)
    refuseUncopied(absent, { copies, safe, label: target.tokenLabel })
    for (const record of absent) values.set(record.label, await valueOf(record, { copies, safe, app: target.app }))
    return records.map((record) => adopt(access, record, values.get(record.label)))
  } catch (error) {
    throw error instanceof DeviceError ? new HsmUnavailable(error.message) : error
  } finally {
    for (const value of values.values()) value.fill(0)
    link.close()
  }
}

type Source = Pick<MovedKeys, 'copies' | 'safe'>

function refuseUncopied(absent: readonly KeyRecord[], { copies, safe, label }: Source & { label: string }): void {
  const lost = absent.filter((record) => safe === undefined || copyOf(copies, record) === undefined)
  if (lost.length === 0) return
  const names = lost.map((record) => `"${record.label}"`).join(', ')
  const remedy =
    'no MAC key leaves a token that it was made in: clone them there by the vendor’s means, or bring the copies that init --movable wrote'
  throw new HsmRefusal('key-uncloned', `the token "${label}" lacks the MAC keys ${names}: ${remedy}`)
}

const copyOf = (copies: readonly MovableCopy[], { label, version }: KeyRecord): MovableCopy | undefined =>
  copies.find((one) => one.label === label && one.version === version)

async function valueOf(record: KeyRecord, { copies, safe, app }: Source & { app: string }): Promise<Uint8Array> {
  const copy = copyOf(copies, record)
  if (safe === undefined || copy === undefined) throw new TypeError('a key without a copy')
  return (await safe.open(copy.copy, movableBinding(app, copy))).expose()
}

/** Of a value from a copy: imported, and destroyed again where it is not that of the record. */
function adopt(access: TokenAccess, record: KeyRecord, value: Uint8Array | undefined): KeyRecord {
  const { token: _, checkValue, ...known } = record
  if (value !== undefined) importKey(access, known, value)
  const handle = findKey(access, known)
  if (handle === undefined) throw new DeviceError('the key that was imported was not found', 0, 'C_FindObjects')
  refuseUnfitKey(access, { record: known, handle })
  if (matchesCheckValue({ ...access, record: known, handles: { key: handle } }, checkValue))
    return { ...known, checkValue }
  return refuseOther(access, { record, handle, isOurs: value !== undefined })
}

function refuseOther(
  access: TokenAccess,
  { record, handle, isOurs }: { record: KeyRecord; handle: Handle; isOurs: boolean },
): never {
  if (isOurs) access.session.destroyObject(handle)
  const remedy =
    'bring the copies of this very app, or clone the key again; MACs of two keys are two names of one thing'
  throw new HsmRefusal('key-mismatch', `what was brought is another key than "${record.label}": ${remedy}`)
}
