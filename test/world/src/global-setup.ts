import { startThrowaway, type Cluster } from '@strongroom/postgres'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  export interface ProvidedContext {
    /** The superuser of the cluster that this run's databases are made in. */
    postgres: string
  }
}

let own: Cluster | undefined

/** One PostgreSQL for a run: the one that `npm test` started for all projects, or one of this run's own. */
export async function setup(project: TestProject): Promise<void> {
  const given = process.env['STRONGROOM_TEST_POSTGRES']
  own = given ? undefined : await startThrowaway()
  project.provide('postgres', given ?? own?.url ?? '')
}

export async function teardown(): Promise<void> {
  await own?.stop()
}
