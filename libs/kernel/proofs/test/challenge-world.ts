import { type Keystore, openKeystore, provisionKeys } from '@strongroom/hsm'
import { softToken } from '@strongroom/hsm/testing'
import { type Database, fingerprint, migrate, openDatabase, storageMigrations } from '@strongroom/storage'
import { testDatabase } from '@strongroom/test-world'
import { CHALLENGE_USE, type ChallengeDeps, proofMigrations } from '../src/challenges.ts'

const sets = [storageMigrations, proofMigrations]

export interface ChallengeWorld extends ChallengeDeps {
  /** Of the role that owns the tables, and may shift the clock. */
  readonly owner: Database
  /** Connections and a keystore of their own, as another process has them. */
  beside(): Promise<ChallengeDeps>
  close(): Promise<void>
}

/** A database and a token with the key of challenges. */
export async function startChallengeWorld(): Promise<ChallengeWorld> {
  const token = await softToken()
  const place = { ...token, deployment: 'test', app: 'proofs' }
  const keys = await provisionKeys({ ...place, needs: [{ job: 'mac', use: CHALLENGE_USE }], existing: [] })
  const world = await testDatabase({
    template: `proofs_${fingerprint(sets)}`,
    prepare: (url, role) => migrate(url, sets, role),
  })
  const opened: (Database | Keystore)[] = []
  const beside = async () => {
    const database = openDatabase({ connectionString: world.url, connections: 8 })
    const hsm = await openKeystore({ ...place, keys })
    opened.push(database, hsm)
    return { database, hsm }
  }
  const owner = openDatabase({ connectionString: world.adminUrl, connections: 1 })
  return {
    ...(await beside()),
    owner,
    beside,
    async close() {
      await Promise.all([...opened, owner].map((one) => one.close()))
      await world.drop()
      await token.remove()
    },
  }
}
