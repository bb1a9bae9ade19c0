import type { KeyRecord } from '@strongroom/hsm'
import { kernelSettings, type Service, type Settings, textOf, type ValuesOf } from '@strongroom/service'
import { type AppToken, ownKeys, ownTokens, readSettings, recordedKeys } from '@strongroom/service/operator'
import { type Database, openDatabase } from '@strongroom/storage'
import { withApp } from './apps.ts'
import type { Context } from './context.ts'

/** An app as its settings name it: its database as the runtime role, and its own tokens, first one first. */
export interface AppDesk<S extends Settings> {
  readonly service: Service<S>
  readonly settings: ValuesOf<typeof kernelSettings>
  readonly database: Database
  readonly tokens: readonly [AppToken, ...AppToken[]]
  /** Of those tokens. */
  readonly keys: readonly KeyRecord[]
}

/** Throws `Unusable`, `BadSettings`, or what the database throws. */
export const atAppDesk = <T>(
  app: string,
  { env }: Context,
  work: <S extends Settings>(desk: AppDesk<S>) => Promise<T>,
): Promise<Awaited<T>> =>
  withApp(app, async (service) => {
    const settings = readSettings(kernelSettings, env)
    const database = openDatabase({ connectionString: textOf(settings.DATABASE_URL), connections: 2 })
    try {
      const keys = ownKeys(await recordedKeys(database))
      return await work({ service, settings, database, tokens: ownTokens(service.name, settings, database), keys })
    } finally {
      await database.close()
    }
  })
