import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { App } from './apps.ts'
import type { AppDatabase } from './database.ts'
import type { Hooks } from './hooks.ts'
import { makePrivateDirectory, type Places } from './places.ts'
import { type Settings, settingsFor, type Surroundings } from './surroundings.ts'
import type { AppToken } from './token.ts'

export interface AppParts {
  readonly app: App
  readonly database: AppDatabase
  /** Its own, and the recovery token of an app that has one. */
  readonly tokens: readonly [AppToken, ...AppToken[]]
  readonly address: string
  /** Of an app that has hooks. */
  readonly hooks: Hooks | undefined
  readonly surroundings: Surroundings
}

/** What an app is told. */
export async function environmentOf(places: Places, parts: AppParts): Promise<Settings> {
  const { app, database, address, hooks, surroundings } = parts
  const [own, recovery] = parts.tokens
  const heads = join(makePrivateDirectory(join(places.home, 'audit')), `${app.name}.jsonl`)
  return {
    STRONGROOM_ENV: 'development',
    HOST: '127.0.0.1',
    PORT: new URL(address).port,
    PUBLIC_URL: address,
    DATABASE_URL_FILE: database.runtimeUrlFile,
    ...tokenSettings('', own),
    ...(recovery && tokenSettings('RECOVERY_', recovery)),
    HSM_STATE_DIRECTORY: own.directory,
    AUDIT_SINK: pathToFileURL(heads).href,
    ...(hooks && { HOOKS_PORT: new URL(hooks.address).port, HOOKS_SECRETS_FILE: hooks.secretsFile }),
    ...(await settingsFor(app, surroundings)),
    ...app.settings,
  }
}

const tokenSettings = (prefix: string, { module, softhsmConf, label, pinFile }: AppToken) => ({
  [`${prefix}HSM_MODULE`]: module,
  [`${prefix}HSM_MODULE_ENV`]: `SOFTHSM2_CONF=${softhsmConf}`,
  [`${prefix}HSM_TOKEN_LABEL`]: label,
  [`${prefix}HSM_PIN_FILE`]: pinFile,
})
