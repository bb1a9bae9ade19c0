import type { KeyJob, KeyNeed, KeyRecord } from '../keystore.ts'
import type { KeystoreOptions } from '../keystore-options.ts'
import { provisionKeys } from '../provision-keys.ts'
import { destroyLabelled } from './token-objects.ts'
import type { Trial } from './trial.ts'

interface Aside {
  readonly connection: Omit<KeystoreOptions, 'keys'>
  readonly keys: readonly KeyRecord[]
}

export const needOf = (job: KeyJob, use = ''): KeyNeed => ({ job, use })

/** Keys of an app that nothing else uses, beside those of it that exist; gone afterwards. */
export async function makeAside(
  trial: Trial,
  needs: readonly KeyNeed[],
  existing: readonly KeyRecord[] = [],
): Promise<Aside> {
  const connection = { ...trial.connection, app: `${trial.connection.app}-aside` }
  const keys = await provisionKeys({ ...connection, needs, existing })
  trial.afterwards(() => {
    const session = trial.session()
    for (const key of keys) destroyLabelled(session, key)
  })
  return { connection, keys }
}
