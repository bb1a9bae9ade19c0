import { auditKeyNeed } from '@strongroom/audit'
import {
  followKeys,
  type HsmLog,
  type KeyNeed,
  type KeyRecord,
  type Keystore,
  neededOn,
  openKeystore,
} from '@strongroom/hsm'
import type { Database } from '@strongroom/storage'
import { ownKeys } from './key-registry.ts'
import type { Log } from './log.ts'
import { NeedsProvisioning } from './needs-provisioning.ts'
import { replicaOf } from './rotation/replicas.ts'
import type { Service } from './service.ts'
import type { Settings } from './settings.ts'
import type { AppToken } from './token.ts'

interface OwnKeystore {
  readonly hsm: Keystore
  /** As they were at the start, those of a recovery token included. */
  readonly keys: readonly KeyRecord[]
  /** As they were loaded last: the same array until others are. */
  readonly newest: () => readonly KeyRecord[]
}

interface Needed {
  readonly database: Database
  readonly tokens: readonly [AppToken, ...AppToken[]]
  readonly minRecipients: number
  readonly log: Log
}

/** The app's keystore, which follows its keys; from here on this process is waited for whenever they change. */
export async function openOwnKeystore<S extends Settings>(
  service: Service<S>,
  { database, tokens, minRecipients, log }: Needed,
): Promise<OwnKeystore> {
  const source = replicaOf(database)
  const tell: HsmLog = (event, reason) => log.warn(event, { reason })
  try {
    const first = await source.read()
    assertProvisioned(service, first.keys, tokens)
    let newest = first.keys
    const hsm = await followKeys({
      source,
      first,
      open: async (keys) => {
        const keystore = await openKeystore({ tokens, minRecipients, keys: ownKeys(keys), log: tell })
        newest = keys
        return keystore
      },
      log: tell,
      random: Math.random,
    })
    return { hsm, keys: first.keys, newest: () => newest }
  } catch (error) {
    await source.leave().catch(() => undefined)
    throw error
  }
}

function assertProvisioned<S extends Settings>(
  service: Service<S>,
  keys: readonly KeyRecord[],
  tokens: readonly [AppToken, ...AppToken[]],
): void {
  const recovery: readonly KeyNeed[] = service.recovery ? [{ job: 'recover', use: '' }] : []
  const needs = [...service.keys, auditKeyNeed, ...recovery]
  const isComplete = tokens.every(({ tokenLabel }, at) => {
    const own = keys.filter(({ token }) => token === (at === 0 ? undefined : tokenLabel))
    return neededOn(at === 0 ? 'first' : 'further', needs).every(
      ({ job, use, demand }) => demand === 'where-able' || own.some((key) => key.job === job && key.use === use),
    )
  })
  if (!isComplete) throw new NeedsProvisioning('keys that this release needs were not made yet')
}
