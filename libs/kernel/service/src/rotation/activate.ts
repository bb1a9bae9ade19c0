import { recordEvent } from '@strongroom/audit'
import { kekJobs, type KeyRecord } from '@strongroom/hsm'
import type { Database } from '@strongroom/storage'
import { ownKeys, recordedKeys } from '../key-registry.ts'
import { versionActivated } from './events.ts'
import { type Activated, KeyRefused } from './key-desk.ts'
import { activateVersion, type KekVersion, kekVersions, retireOthers } from './key-versions.ts'
import type { AppTokens } from './publish.ts'
import { requireReplicas } from './require-replicas.ts'

/** In one transaction with the look at the replicas: all keys of a version begin to seal together. */
export async function activateNewest(
  database: Database,
  { app, tokens }: { app: string; tokens: AppTokens },
): Promise<Activated> {
  return database.transaction(async (tx) => {
    const keys = ownKeys(await recordedKeys(tx))
    const versions = kekVersions(keys)
    const active = versions.filter(({ state }) => state === 'active')
    const published = versions.find(({ state }) => state === 'published')
    if (published === undefined) {
      const [current] = active
      if (current === undefined) throw nothingPublished()
      return { version: current.version, retired: [], outcome: 'was-active' as const }
    }
    assertComplete(published, { keys, tokens })
    const replicas = await requireReplicas(tx)
    await activateVersion(tx, published.version)
    await retireOthers(tx, published.version)
    await recordEvent(tx, versionActivated, { subject: app, detail: { version: published.version, replicas } })
    return { version: published.version, retired: active.map(({ version }) => version), outcome: 'activated' as const }
  })
}

const nothingPublished = (): KeyRefused =>
  new KeyRefused('nothing-published', { what: 'no version is published', remedy: 'publish one first' })

/** Every token that is configured now, with every job that its active keys have. */
function assertComplete(
  { version, records }: KekVersion,
  { keys, tokens }: { keys: readonly KeyRecord[]; tokens: AppTokens },
): void {
  const [{ tokenLabel: first }] = tokens
  const isOn = (label: string) => (record: KeyRecord) => (record.token ?? first) === label
  const lacking = tokens.flatMap(({ tokenLabel: label }) => {
    const active = keys.filter(isOn(label)).filter(({ job, state }) => kekJobs.includes(job) && state === 'active')
    const there = records.filter(isOn(label))
    if (active.length === 0 && there.length === 0) return [`${label}: nothing`]
    return active.filter(({ job }) => !there.some((one) => one.job === job)).map(({ job }) => `${label}: ${job}`)
  })
  if (lacking.length === 0) return
  throw new KeyRefused('version-incomplete', {
    what: `version ${String(version)} is not on every token`,
    remedy: 'publish again with every token at hand',
    details: lacking,
  })
}
