import type { KeyRecord } from '@strongroom/hsm'
import { kernelSettings, provisionSettings, type Service, type Settings, textOf } from '@strongroom/service'
import { type AppToken, ownKeys, ownTokens, readSettings, recordedKeys } from '@strongroom/service/operator'
import { type Database, openDatabase } from '@strongroom/storage'
import { withApp } from '../apps.ts'
import type { Context } from '../context.ts'
import { Refused, Unusable } from '../outcome.ts'
import { sessionsOf } from './records.ts'

/** An app that is stopped: its database as the owner, its tokens, and their keys. */
export interface World<S extends Settings> {
  readonly service: Service<S>
  readonly database: Database
  readonly from: AppToken
  readonly others: readonly AppToken[]
  readonly keys: readonly KeyRecord[]
}

/** As the owner of the database, and with nothing else at work. */
export const atMigrator = <T>(
  { app }: { readonly app: string },
  { env }: Context,
  work: <S extends Settings>(world: World<S>) => Promise<T>,
): Promise<Awaited<T>> =>
  withApp(app, async (service) => {
    const settings = readSettings({ ...kernelSettings, ...provisionSettings }, env)
    const connectionString = textOf(settings.MIGRATOR_DATABASE_URL)
    const database = openDatabase({ connectionString, connections: 1, statementTimeout: 0 })
    try {
      const [from, ...others] = ownTokens(service.name, settings, database)
      const sessions = await sessionsOf(database, settings.RUNTIME_ROLE)
      if (sessions > 0)
        throw new Refused(
          `${app} is at work (${String(sessions)} sessions of its role): stop every process of it, and run this again`,
        )
      return await work({ service, database, from, others, keys: ownKeys(await recordedKeys(database)) })
    } finally {
      await database.close()
    }
  })

/** What is of one token alone. Throws `Unusable` where there are several. */
export function refuseSeveral({ others }: { readonly others: readonly AppToken[] }): void {
  if (others.length === 0) return
  throw new Unusable(
    'several tokens hold each value already: add and take away tokens by the settings, with init and promote, and move nothing',
  )
}
