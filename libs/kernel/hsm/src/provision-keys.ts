import { connect, type TokenConnection } from './connect.ts'
import { HsmRefusal, HsmUnavailable, Unsupported } from './errors.ts'
import { makeCheckValue, matchesCheckValue } from './keys/check-value.ts'
import { strategyOf } from './keys/job-strategies.ts'
import { refuseUnfitCompanion, refuseUnfitKey } from './keys/key-attributes.ts'
import { refuseOtherId } from './keys/key-set.ts'
import { decodeKeyName, encodeKeyName, findCompanion, findKey, type KeyName } from './keys/locate-key.ts'
import { makeCompanion, makeKey } from './keys/make-key.ts'
import { readPublicHalf } from './keys/public-half.ts'
import type { TokenAccess } from './keys/token-key.ts'
import type { KeyJob, KeyNeed, KeyRecord } from './keystore.ts'
import { DeviceError, lacksCapability } from './pkcs11/device-error.ts'
import type { Handle } from './pkcs11/session.ts'
import { shapeOf } from './strategies/shapes.ts'
import type { Witness } from './strategies/shelf.ts'
import { refuseSharedToken } from './token-roles.ts'

/** A key that somebody else made, for a need of the app: it is checked like one of ours, and never made. */
export type FoundKey = KeyName & { readonly job: KeyJob; readonly use: string }

/** The name as a record would hold it: a label, or `pkcs11:id=%01`. `undefined`: it names nothing. */
export function foundKeyNamed(need: Pick<FoundKey, 'job' | 'use'>, name: string): FoundKey | undefined {
  try {
    return { ...need, ...decodeKeyName(name) }
  } catch (error) {
    if (error instanceof HsmRefusal) return undefined
    throw error
  }
}

export interface ProvisionOptions extends TokenConnection {
  readonly needs: readonly KeyNeed[]
  /** The records that the database holds. Each must be on the token: a recorded key is never replaced. */
  readonly existing: readonly KeyRecord[]
  /** Where the operator’s own keys serve some of the needs. A companion has the label with "/mac" behind it, or the same id. */
  readonly found?: readonly FoundKey[]
}

type NewKey = Omit<KeyRecord, 'checkValue'>

/**
 * Makes the keys that are needed and not recorded, or finds those that the operator named, and answers the records of
 * these alone, to be stored before first use. Each was used and read back first. A key that a crash left on the token
 * unrecorded is adopted. Throws `HsmRefusal`, `Unsupported` or `HsmUnavailable`.
 */
export async function provisionKeys({
  needs,
  existing,
  found = [],
  ...connection
}: ProvisionOptions): Promise<KeyRecord[]> {
  refuseSharedToken([...needs, ...existing])
  const link = await connect(connection, existing)
  try {
    const missing = needs.filter((need) => !existing.some((record) => isSameNeed(record, need)))
    return missing.flatMap((need) => {
      const own = found.find((key) => isSameNeed(key, need))
      return provisionNeed(link.access, need, () =>
        own === undefined ? recordOf(link.access, need, connection.app) : recordOfFound(link.access, own),
      )
    })
  } catch (error) {
    throw error instanceof DeviceError ? new HsmUnavailable(error.message) : error
  } finally {
    link.close()
  }
}

function provisionNeed(access: TokenAccess, { demand }: KeyNeed, record: () => Planned): KeyRecord[] {
  try {
    return [provisionTyped(access, record())]
  } catch (error) {
    if (error instanceof Unsupported && demand === 'where-able') return []
    throw error
  }
}

interface Planned {
  readonly record: NewKey
  readonly source: 'made' | 'found'
}

/** What the token lacks is no outage: nobody should wait for a mechanism that it will never have. */
function provisionTyped(access: TokenAccess, planned: Planned): KeyRecord {
  try {
    return provisionKey(access, planned)
  } catch (error) {
    throw lacksCapability(error) ? new Unsupported(`${planned.record.strategy} (${error.message})`) : error
  }
}

function provisionKey(access: TokenAccess, { record, source }: Planned): KeyRecord {
  const { session } = access
  if (shapeOf(record.strategy).keyless) return withCheckValue({ ...access, record, handles: { key: Buffer.alloc(0) } })
  if (source === 'made' && findKey(access, record) === undefined) makeKey(access, record)
  const handle = findKey(access, record)
  if (handle === undefined) return notFound(source, record.label)
  // Before anything is made beside it: an unfit key gets no companion.
  refuseUnfitKey(access, { record, handle })
  const companion = provisionCompanion(access, { record, source }, handle)
  const handles = { key: handle, ...(companion && { mac: companion }), ...readPublicHalf(session, record) }
  return withCheckValue({ ...access, record, handles })
}

function withCheckValue(key: Parameters<typeof makeCheckValue>[0]): KeyRecord {
  const checkValue = makeCheckValue(key)
  if (!matchesCheckValue(key, checkValue)) {
    const remedy = 'it was never recorded; delete it from the token and try again'
    throw new HsmRefusal('key-unfit', `the key "${key.record.label}" does not open what it closed: ${remedy}`)
  }
  return { ...key.record, checkValue }
}

/** Made after its key and of its id, so that a crash between the two is mended by whoever comes next. */
function provisionCompanion(access: TokenAccess, { record, source }: Planned, key: Handle): Handle | undefined {
  if (shapeOf(record.strategy).companion === undefined) return undefined
  if (source === 'made' && findCompanion(access, record) === undefined) makeCompanion(access, record, key)
  const companion = findCompanion(access, record)
  if (companion === undefined) return notFound(source, `${record.label}/mac`)
  refuseOtherId(access, { label: record.label, key, companion })
  refuseUnfitCompanion(access, { record, companion })
  return companion
}

function notFound(source: Planned['source'], label: string): never {
  if (source === 'made') throw new DeviceError('the new key was not found', 0, 'C_FindObjects')
  const remedy = 'name one that is there, or let the app make its own'
  throw new HsmRefusal('key-missing', `the token does not hold the key "${label}" that was named: ${remedy}`)
}

function recordOf({ capabilities }: TokenAccess, { job, use }: KeyNeed, app: string): Planned {
  const version = 1
  const label = ['strongroom', app, job, ...(use === '' ? [] : [use]), `v${version}`].join('/')
  return { record: { job, use, version, label, strategy: strategyOf(capabilities, { job }).name }, source: 'made' }
}

/** The kind of the key that is there decides among the strategies; where nothing else can, the key itself proves them. */
function recordOfFound(access: TokenAccess, { job, use, ...name }: FoundKey): Planned {
  const label = encodeKeyName(name)
  const plan = (strategy: string): Planned => ({ record: { job, use, version: 1, label, strategy }, source: 'found' })
  if (job !== 'seal' && job !== 'wrap') return plan(strategyOf(access.capabilities, { job }).name)
  const witness = witnessOf(access, job, label)
  return plan(strategyOf(access.capabilities, { job }, witness).name)
}

const kindsOf = { seal: ['hsm-gcm', 'hsm-rsa-oaep'], wrap: ['A256KW-RFC3394', 'rsa-oaep-wrap'] } as const

function witnessOf(access: TokenAccess, job: 'seal' | 'wrap', label: string): Witness {
  for (const strategy of kindsOf[job]) {
    const key = findKey(access, { job, strategy, label })
    if (key === undefined) continue
    const mac = findCompanion(access, { label })
    const { pair } = shapeOf(strategy)
    const half = readPublicHalf(access.session, { job, label, strategy })
    return { keys: { key, ...(mac && { mac }), ...half }, ...(pair && { pair }) }
  }
  return notFound('found', label)
}

const isSameNeed = (a: KeyNeed, b: KeyNeed): boolean => a.job === b.job && a.use === b.use
