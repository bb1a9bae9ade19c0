import { toHex } from '@strongroom/crypto'
import { isOwnKey, kekJobs, type KeyRecord } from '@strongroom/hsm'
import { type Query, sql, type Statements } from '@strongroom/storage'
import { KeyRefused, type KeyState, type KeyVersion } from './key-desk.ts'

/** Every record of a key that seals or wraps, of one version. */
export interface KekVersion {
  readonly version: number
  readonly state: KeyState
  readonly records: readonly KeyRecord[]
}

/** The newest first. Throws where the records of one version are in several states: somebody wrote them by hand. */
export function kekVersions(keys: readonly KeyRecord[]): readonly KekVersion[] {
  const keks = keys.filter(({ job }) => kekJobs.includes(job))
  const numbers = [...new Set(keks.map(({ version }) => version))].toSorted((a, b) => b - a)
  return numbers.map((version) => {
    const records = keks.filter((record) => record.version === version)
    const [state = 'active', ...others] = new Set(records.map((record) => record.state ?? 'active'))
    if (others.length > 0) throw new Error(`keys of version ${String(version)} are in several states`)
    return { version, state, records }
  })
}

export const describeVersion = (
  { version, state, records }: KekVersion,
  { first, app }: { first: string; app: string },
): KeyVersion => ({
  version,
  state,
  keys: records.map((record) => ({
    token: record.token ?? first,
    job: record.job,
    label: record.label,
    strategy: record.strategy,
    keyId: toHex(record.keyId ?? new Uint8Array()),
    source: isOwnKey(record, app) ? 'made' : 'found',
  })),
})

/** Throws `KeyRefused`. */
export function versionOf(keys: readonly KeyRecord[], version: number): KekVersion {
  const found = kekVersions(keys).find((one) => one.version === version)
  if (found !== undefined) return found
  throw new KeyRefused('unknown-version', {
    what: `no version ${String(version)} of the keys that seal and wrap is recorded`,
    remedy: 'look at the status; what was destroyed is not recorded any more',
  })
}

const keks = (version: number): Query => sql`version = ${version} and job = any(${[...kekJobs]}::text[])`

/** All keys of the version at once: what it sealed was wrapped by it. */
export const activateVersion = (tx: Statements, version: number): Promise<number> =>
  tx.run(sql`update keystore.keys set state = 'active' where ${keks(version)} and state = 'published'`)

export const retireOthers = (tx: Statements, version: number): Promise<number> =>
  tx.run(sql`
    update keystore.keys set state = 'retired', retired_at = now()
     where job = any(${[...kekJobs]}::text[]) and version <> ${version} and state = 'active'`)

/** From then on no replica loads it. */
export const withdrawVersion = (tx: Statements, version: number): Promise<number> =>
  tx.run(sql`update keystore.keys set state = 'destroying' where ${keks(version)} and state = 'retired'`)

/** A value was found after all, and nothing is destroyed yet. */
export const bringVersionBack = (tx: Statements, version: number): Promise<number> =>
  tx.run(sql`
    update keystore.keys set state = 'retired' where ${keks(version)} and state = 'destroying' and doomed_at is null`)

/** The last look found nothing: from here on its keys may be gone. */
export const doomVersion = (tx: Statements, version: number): Promise<number> =>
  tx.run(sql`
    update keystore.keys set doomed_at = coalesce(doomed_at, now()) where ${keks(version)} and state = 'destroying'`)

export const forgetVersion = (tx: Statements, version: number): Promise<number> =>
  tx.run(sql`delete from keystore.keys where ${keks(version)} and state = 'destroying' and doomed_at is not null`)
