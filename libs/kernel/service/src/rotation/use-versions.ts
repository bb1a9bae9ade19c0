import type { KeyRecord, KeyState, UseJob } from '@strongroom/hsm'
import { sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'
import { KeyRefused } from './key-desk.ts'

/** One version of the MAC key of one use, on every token, or of a signing key, on the first. */
export interface RecordedEdition {
  readonly version: number
  readonly state: KeyState
  readonly records: readonly KeyRecord[]
}

/** Which key is rotated. */
export interface UseName {
  readonly job: UseJob
  readonly use: string
}

export const describeUse = ({ job, use }: UseName): string => `the ${job === 'mac' ? 'MAC' : 'signing'} key "${use}"`

/** The newest first. */
export function editionsOf(keys: readonly KeyRecord[], { job, use }: UseName): readonly RecordedEdition[] {
  const own = keys.filter((key) => key.job === job && key.use === use)
  const numbers = [...new Set(own.map(({ version }) => version))].toSorted((a, b) => b - a)
  return numbers.map((version) => {
    const records = own.filter((record) => record.version === version)
    const [state = 'active', ...others] = new Set(records.map((record) => record.state ?? 'active'))
    if (others.length > 0) throw new Error(`keys of version ${String(version)} are in several states`)
    return { version, state, records }
  })
}

/** Throws `KeyRefused`. */
export function editionOf(keys: readonly KeyRecord[], { version, ...name }: Edition): RecordedEdition {
  const found = editionsOf(keys, name).find((one) => one.version === version)
  if (found !== undefined) return found
  throw new KeyRefused('unknown-version', {
    what: `no version ${String(version)} of ${describeUse(name)} is recorded`,
    remedy: 'look at the status; what was destroyed is not recorded any more',
  })
}

export interface Edition extends UseName {
  readonly version: number
}

/** Only the newest makes values: those that did are retired by the same statement. */
export const activateEdition = (tx: Statements, { job, use, version }: Edition): Promise<number> =>
  tx.run(sql`
    update keystore.keys
       set state = case version when ${version} then 'active' else 'retired' end,
           retired_at = case version when ${version} then null else now() end
     where job = ${job} and use = ${use} and (state = 'active' or (version = ${version} and state = 'published'))`)

/** From then on no replica loads it. */
export const withdrawEdition = (tx: Statements, { job, use, version }: Edition): Promise<number> =>
  tx.run(sql`
    update keystore.keys set state = 'destroying'
     where job = ${job} and use = ${use} and version = ${version} and state = 'retired'`)

/** A value was found that needs it, and nothing is destroyed yet. */
export const bringEditionBack = (tx: Statements, { job, use, version }: Edition): Promise<number> =>
  tx.run(sql`
    update keystore.keys set state = 'retired'
     where job = ${job} and use = ${use} and version = ${version} and state = 'destroying' and doomed_at is null`)

/** The last look found nothing: from here on its keys may be gone. */
export const doomEdition = (tx: Statements, { job, use, version }: Edition): Promise<number> =>
  tx.run(sql`
    update keystore.keys set doomed_at = coalesce(doomed_at, now())
     where job = ${job} and use = ${use} and version = ${version} and state = 'destroying'`)

export const isEditionDoomed = async (statements: Statements, { job, use, version }: Edition): Promise<boolean> =>
  (await statements.run(sql`
    select from keystore.keys
     where job = ${job} and use = ${use} and version = ${version} and doomed_at is not null`)) > 0

export const forgetEdition = (tx: Statements, { job, use, version }: Edition): Promise<number> =>
  tx.run(sql`
    delete from keystore.keys
     where job = ${job} and use = ${use} and version = ${version} and state = 'destroying' and doomed_at is not null`)

const rest = z.object({ seconds: z.number().nullable() })

/** Since the version made nothing; nothing of one that was never retired. */
export const retiredSeconds = async (statements: Statements, { job, use, version }: Edition): Promise<number> =>
  (
    await statements.one(
      rest,
      sql`select extract(epoch from now() - max(retired_at))::float8 as seconds
            from keystore.keys where job = ${job} and use = ${use} and version = ${version}`,
    )
  ).seconds ?? 0
