import { equalBytes, toUtf8 } from '@strongroom/crypto'
import { HsmRefusal } from '../errors.ts'
import type { KeyJob, KeyNeed, KeyRecord } from '../keystore.ts'
import { isDeviceError } from '../pkcs11/device-error.ts'
import type { Handle } from '../pkcs11/session.ts'
import { matches, matchesCheckValue } from './check-value.ts'
import { jobTemplates } from './job-templates.ts'
import { findUnfitAttribute, refuseUnfitKey } from './key-attributes.ts'
import { readPublicHalf } from './public-half.ts'
import type { TokenAccess, TokenKey } from './token-key.ts'

const MOST_ID_BYTES = 64

export interface KeySet {
  readonly all: readonly TokenKey[]
  /** The newest version for that job and use. Throws `HsmRefusal` where the app declared none. */
  current(job: KeyJob, use?: string): TokenKey
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
  const newestFirst = all.toSorted((a, b) => b.record.version - a.record.version)
  return {
    all,
    current: (job, use = '') =>
      newestFirst.find(({ record }) => record.job === job && record.use === use) ?? refuseUndeclared({ job, use }),
    named: (job, id) => all.find((key) => key.record.job === job && equalBytes(key.id, id)),
  }
}

/** The one object of that label and class. Throws `HsmRefusal` where there are several. */
export function findKey({ session }: TokenAccess, { job, label }: { job: KeyJob; label: string }): Handle | undefined {
  // Token objects alone: the session copies of another keystore of this process carry the same label.
  const [handle, ...others] = session.findObjects({ class: jobTemplates[job].class, token: true, label })
  if (others.length === 0) return handle
  const remedy = 'delete the one whose check value is not recorded'
  throw new HsmRefusal('key-ambiguous', `the token holds several keys labelled "${label}": ${remedy}`)
}

function loadKey(access: TokenAccess, record: KeyRecord): TokenKey {
  const own = findKey(access, record)
  if (own === undefined) {
    const remedy = 'restore the token from its backup; a recorded key is never replaced'
    throw new HsmRefusal('key-missing', `the token does not hold the key "${record.label}": ${remedy}`)
  }
  refuseUnfitKey(access, { record, handle: own })
  const half = readPublicHalf(access.session, record)
  if (!matchesCheckValue({ ...access, ...half, record, handle: own }, record.checkValue)) {
    const remedy = 'restore the token that belongs to this database'
    throw new HsmRefusal('key-mismatch', `the token's key "${record.label}" is not the recorded one: ${remedy}`)
  }
  const key = { record, id: readKeyId(access, { record, own }), own, ...half }
  return { ...key, working: copyToSession(access, key) ?? own }
}

/** Keys that a ceremony made without an id are named by their label. */
function readKeyId({ session }: TokenAccess, { record, own }: { record: KeyRecord; own: Handle }): Uint8Array {
  const id = session.readAttribute(own, 'id')
  return id.length > 0 && id.length <= MOST_ID_BYTES ? id : toUtf8(record.label).subarray(0, MOST_ID_BYTES)
}

function copyToSession(access: TokenAccess, key: Omit<TokenKey, 'working'>): Handle | undefined {
  try {
    const handle = access.session.copyObject(key.own, { token: false })
    const equivalent =
      findUnfitAttribute(access, { record: key.record, handle }) === undefined &&
      matches({ ...access, ...key, handle }, key.record.checkValue)
    if (equivalent) return handle
    access.session.destroyObject(handle)
    return undefined
  } catch (error) {
    if (isDeviceError(error)) return undefined
    throw error
  }
}

function refuseUndeclared({ job, use }: KeyNeed): never {
  const name = use === '' ? `a ${job} key` : `a ${job} key for "${use}"`
  throw new HsmRefusal('key-undeclared', `this app did not declare ${name}: add it to the needs given to provisionKeys`)
}
