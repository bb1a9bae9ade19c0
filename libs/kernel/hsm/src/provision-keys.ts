import { refuseSharedToken } from './token-roles.ts'
import { connect, type TokenConnection } from './connect.ts'
import { HsmRefusal, HsmUnavailable, Unsupported } from './errors.ts'
import { makeCheckValue, matchesCheckValue } from './keys/check-value.ts'
import { strategyOf } from './keys/job-strategies.ts'
import { refuseUnfitKey } from './keys/key-attributes.ts'
import { findKey } from './keys/key-set.ts'
import { makeKey } from './keys/make-key.ts'
import { readPublicHalf } from './keys/public-half.ts'
import type { TokenAccess } from './keys/token-key.ts'
import type { KeyNeed, KeyRecord } from './keystore.ts'
import { DeviceError, lacksCapability } from './pkcs11/device-error.ts'

export interface ProvisionOptions extends TokenConnection {
  readonly needs: readonly KeyNeed[]
  /** The records that the database holds. Each must be on the token: a recorded key is never replaced. */
  readonly existing: readonly KeyRecord[]
}

/**
 * Makes the keys that are needed and not recorded, and answers the records of those alone, to be stored before first
 * use. Each was used and read back first. A key that a crash left on the token unrecorded is adopted.
 * Throws `HsmRefusal`, `Unsupported` or `HsmUnavailable`.
 */
export async function provisionKeys({ needs, existing, ...connection }: ProvisionOptions): Promise<KeyRecord[]> {
  refuseSharedToken([...needs, ...existing])
  const link = await connect(connection, existing)
  try {
    const missing = needs.filter((need) => !existing.some((record) => isSameNeed(record, need)))
    return missing.flatMap((need) => provisionNeed(link.access, { need, app: connection.app }))
  } catch (error) {
    throw error instanceof DeviceError ? new HsmUnavailable(error.message) : error
  } finally {
    link.close()
  }
}

function provisionNeed(access: TokenAccess, wish: { need: KeyNeed; app: string }): KeyRecord[] {
  try {
    return [provisionTyped(access, recordOf(access, wish))]
  } catch (error) {
    if (error instanceof Unsupported && wish.need.demand === 'where-able') return []
    throw error
  }
}

/** What the token lacks is no outage: nobody should wait for a mechanism that it will never have. */
function provisionTyped(access: TokenAccess, record: Omit<KeyRecord, 'checkValue'>): KeyRecord {
  try {
    return provisionKey(access, record)
  } catch (error) {
    throw lacksCapability(error) ? new Unsupported(`${record.strategy} (${error.message})`) : error
  }
}

function provisionKey(access: TokenAccess, record: Omit<KeyRecord, 'checkValue'>): KeyRecord {
  if (findKey(access, record) === undefined) makeKey(access, record)
  const handle = findKey(access, record)
  if (handle === undefined) throw new DeviceError('the new key was not found', 0, 'C_FindObjects')
  refuseUnfitKey(access, { record, handle })
  const key = { ...access, ...readPublicHalf(access.session, record), record, handle }
  const checkValue = makeCheckValue(key)
  if (!matchesCheckValue(key, checkValue)) {
    const remedy = 'it was never recorded; delete it from the token and try again'
    throw new HsmRefusal('key-unfit', `the key "${record.label}" does not open what it closed: ${remedy}`)
  }
  return { ...record, checkValue }
}

function recordOf(
  { capabilities }: TokenAccess,
  { need: { job, use }, app }: { need: KeyNeed; app: string },
): Omit<KeyRecord, 'checkValue'> {
  const version = 1
  const label = ['strongroom', app, job, ...(use === '' ? [] : [use]), `v${version}`].join('/')
  return { job, use, version, label, strategy: strategyOf(capabilities, { job }).name }
}

const isSameNeed = (a: KeyNeed, b: KeyNeed): boolean => a.job === b.job && a.use === b.use
