import { softToken, type SoftToken, type SoftTokenRequest } from '@strongroom/hsm/testing'
import { openLog, provision } from '@strongroom/service/operator'
import { openDatabase, type Database } from '@strongroom/storage'
import { type TestApp, testDatabase } from '@strongroom/test-world'
import { type AppName, withApp } from '../src/apps.ts'
import { pinOf, scratch, variablesOf } from './command-line.ts'

/** An app that was never served: its database, its tokens, and the settings that name them. */
export interface AppWorld extends AsyncDisposable {
  readonly env: NodeJS.ProcessEnv
  readonly token: SoftToken
  readonly recoveryToken: SoftToken
  /** As the owner. */
  readonly database: Database
  readonly state: string
  readonly file: (name: string, text: string) => string
  /** Gives the app a second token. */
  addToken(request?: SoftTokenRequest): Promise<SoftToken>
  provision(): Promise<void>
}

export async function appWorld(app: AppName): Promise<AppWorld> {
  const files = scratch()
  const token = await softToken({ label: app })
  const recoveryToken = await softToken({ label: `${app}-recovery` })
  const tokens = [token, recoveryToken]
  const owned = await testDatabase({ template: 'empty', prepare: () => Promise.resolve() })
  const database = openDatabase({ connectionString: owned.adminUrl, connections: 1 })
  const env = environmentOf({ token, recoveryToken, database: owned }, files)
  return {
    env,
    token,
    recoveryToken,
    database,
    state: files.path,
    file: files.file,
    async addToken(request = { label: `${app}-second` }) {
      const second = await softToken(request)
      tokens.push(second)
      const { HSM_MODULE, HSM_MODULE_ENV, HSM_TOKEN_LABEL, HSM_PIN_FILE } = settingsOf(
        '',
        second,
        files.file('second-pin', pinOf(second)),
      )
      Object.assign(env, {
        HSM_2_MODULE: HSM_MODULE,
        HSM_2_MODULE_ENV: HSM_MODULE_ENV,
        HSM_2_TOKEN_LABEL: HSM_TOKEN_LABEL,
        HSM_2_PIN_FILE: HSM_PIN_FILE,
      })
      return second
    },
    provision: () => withApp(app, (service) => provision(service, env, openLog(app, 'silent'))),
    async [Symbol.asyncDispose]() {
      await database.close()
      await owned.drop()
      await Promise.all(tokens.map((one) => one.remove()))
      files[Symbol.dispose]()
    },
  }
}

/** What the command line reads to find such an app. */
export const environmentOf = (
  { token, recoveryToken, database }: Pick<TestApp, 'token' | 'recoveryToken' | 'database'>,
  files: ReturnType<typeof scratch>,
): NodeJS.ProcessEnv => ({
  STRONGROOM_ENV: 'development',
  DATABASE_URL_FILE: files.file('database-url', database.url),
  MIGRATOR_DATABASE_URL_FILE: files.file('migrator-url', database.adminUrl),
  RUNTIME_ROLE: database.role,
  HSM_STATE_DIRECTORY: files.path,
  PUBLIC_URL: 'http://127.0.0.1:4100',
  ...settingsOf('', token, files.file('pin', pinOf(token))),
  ...settingsOf('RECOVERY_', recoveryToken, files.file('recovery-pin', pinOf(recoveryToken))),
})

export const settingsOf = (prefix: string, token: SoftToken, pinFile: string): NodeJS.ProcessEnv => ({
  [`${prefix}HSM_MODULE`]: token.module.path,
  [`${prefix}HSM_MODULE_ENV`]: Object.entries(variablesOf(token))
    .map((one) => one.join('='))
    .join(','),
  [`${prefix}HSM_TOKEN_LABEL`]: token.tokenLabel,
  [`${prefix}HSM_PIN_FILE`]: pinFile,
})
