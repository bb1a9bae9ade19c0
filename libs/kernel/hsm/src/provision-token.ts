import { HsmRefusal, Unsupported } from './errors.ts'
import { makeCheckValue, matchesCheckValue } from './keys/check-value.ts'
import { strategyOf } from './keys/job-strategies.ts'
import { refuseUnfitCompanion, refuseUnfitKey } from './keys/key-attributes.ts'
import { readKeyId, refuseOtherId } from './keys/key-set.ts'
import { decodeKeyName, encodeKeyName, findCompanion, findKey, type KeyName } from './keys/locate-key.ts'
import { makeCompanion, makeKey, type NewKey } from './keys/make-key.ts'
import { readPublicHalf } from './keys/public-half.ts'
import type { TokenAccess } from './keys/token-key.ts'
import { kekJobs, type KeyJob, type KeyNeed, type KeyRecord } from './keystore.ts'
import { DeviceError, lacksCapability } from './pkcs11/device-error.ts'
import type { Handle } from './pkcs11/session.ts'
import { shapeOf } from './strategies/shapes.ts'
import type { Witness } from './strategies/shelf.ts'

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

interface Wish {
  readonly needs: readonly KeyNeed[]
  /** Of this token. */
  readonly existing: readonly KeyRecord[]
  readonly ofAllTokens: readonly KeyRecord[]
  readonly found: readonly FoundKey[]
  readonly app: string
}

/** Of one token; throws `DeviceError` besides. */
export function provisionMissing(access: TokenAccess, { needs, existing, ofAllTokens, found, app }: Wish): KeyRecord[] {
  const missing = needs.filter((need) => !existing.some((record) => isSameNeed(record, need)))
  return missing.flatMap((need) => {
    const own = found.find((key) => isSameNeed(key, need))
    const version = versionFor(need, ofAllTokens)
    return provisionNeed(access, need, () =>
      own === undefined
        ? { record: newRecord(access, { need, app, version }), source: 'made' }
        : recordOfFound(access, { ...own, version }),
    )
  })
}

function provisionNeed(access: TokenAccess, { demand }: KeyNeed, record: () => Planned): KeyRecord[] {
  try {
    return [provisionTyped(access, record())]
  } catch (error) {
    if (error instanceof Unsupported && demand === 'where-able') return []
    throw error
  }
}

export interface Planned {
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

/** Finds the key, or makes it, and uses it once. */
export function provisionKey(access: TokenAccess, { record, source }: Planned): KeyRecord {
  const { session } = access
  if (shapeOf(record.strategy).keyless) {
    return withCheckValue({ ...access, record: { ...record, keyId: noId }, handles: { key: noId } })
  }
  if (source === 'made' && findKey(access, record) === undefined) makeKey(access, record)
  const handle = findKey(access, record)
  if (handle === undefined) return notFound(source, record.label)
  // Before anything is made beside it: an unfit key gets no companion.
  refuseUnfitKey(access, { record, handle })
  const companion = provisionCompanion(access, { record, source }, handle)
  const handles = { key: handle, ...(companion && { mac: companion }), ...readPublicHalf(session, record) }
  const keyId = readKeyId({ session }, { record, own: handle })
  return withCheckValue({ ...access, record: { ...record, keyId }, handles })
}

const noId = Buffer.alloc(0)

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

export function newRecord(
  { capabilities }: TokenAccess,
  { need: { job, use }, app, version = 1 }: { need: KeyNeed; app: string; version?: number },
): NewKey {
  const label = ownLabel({ job, use, version }, app)
  return { job, use, version, label, strategy: strategyOf(capabilities, { job }).name }
}

export const ownLabel = ({ job, use, version }: Pick<KeyRecord, 'job' | 'use' | 'version'>, app: string): string =>
  ['strongroom', app, job, ...(use === '' ? [] : [use]), `v${String(version)}`].join('/')

/** The kind of the key that is there decides among the strategies; where nothing else can, the key itself proves them. */
export function recordOfFound(
  access: TokenAccess,
  { job, use, version = 1, ...name }: FoundKey & { readonly version?: number },
): Planned {
  const label = encodeKeyName(name)
  const plan = (strategy: string): Planned => ({ record: { job, use, version, label, strategy }, source: 'found' })
  if (job !== 'seal' && job !== 'wrap' && job !== 'wrap-pair')
    return plan(strategyOf(access.capabilities, { job }).name)
  const witness = witnessOf(access, job, label)
  return plan(strategyOf(access.capabilities, { job }, witness).name)
}

const kindsOf = {
  seal: ['hsm-gcm', 'hsm-rsa-oaep'],
  wrap: ['A256KW-RFC3394', 'rsa-oaep-wrap'],
  'wrap-pair': ['A256KWP-PKCS8'],
} as const

function witnessOf(access: TokenAccess, job: keyof typeof kindsOf, label: string): Witness {
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

/** A key that fills a need has the version of the others that it is rotated with. */
export const versionFor = (need: KeyNeed, existing: readonly KeyRecord[]): number =>
  kekJobs.includes(need.job) ? Math.max(1, ...existing.filter(isActiveKek).map(({ version }) => version)) : 1

const isActiveKek = ({ job, state = 'active' }: KeyRecord): boolean => kekJobs.includes(job) && state === 'active'

export const isSameNeed = (a: KeyNeed, b: KeyNeed): boolean => a.job === b.job && a.use === b.use
