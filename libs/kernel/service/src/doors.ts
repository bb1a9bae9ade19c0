import { hasTrueClock, ownsSchemas, type Statements } from '@strongroom/storage'

/** A start that would be unsafe. Says what is open and how to close it. */
export class StartRefused extends Error {
  override readonly name = 'StartRefused'
}

const loopback = /^(127\.\d+\.\d+\.\d+|::1|localhost)$/

/** Development opens doors, so it serves this machine alone. */
export function assertLoopback(environment: string, host: string): void {
  if (environment !== 'development' || loopback.test(host)) return
  throw new StartRefused('STRONGROOM_ENV=development serves loopback only: set HOST=127.0.0.1, or run in production.')
}

/** Stubs and test logins are for development. */
export function assertDoorsShut(environment: string, open: readonly string[]): void {
  if (environment === 'development' || open.length === 0) return
  throw new StartRefused(`Only STRONGROOM_ENV=development may do this: ${open.join(' ')}`)
}

/** A clock that someone can shift opens every time lock: production runs on the true one only. */
export async function assertTrueClock(environment: string, database: Statements): Promise<void> {
  if (environment === 'development' || (await hasTrueClock(database))) return
  throw new StartRefused(
    'strongroom.now() is not the production clock: this database belongs to a development world. Use another database.',
  )
}

/** The owner of the schemas may change the audit log, the clock and whatever a migration made. */
export async function assertRuntimeRole(environment: string, database: Statements): Promise<void> {
  if (environment === 'development' || !(await ownsSchemas(database))) return
  throw new StartRefused('DATABASE_URL logs in as a role that owns the schemas: use the RUNTIME_ROLE of provision.')
}

/** Whoever gets into a process that faces the network must find no login to the token that opens copies of keys. */
export function assertNoRecoveryLogin(env: NodeJS.ProcessEnv): void {
  if (env['RECOVERY_HSM_PIN'] === undefined && env['RECOVERY_HSM_PIN_FILE'] === undefined) return
  throw new StartRefused(
    'This process performs no work: take RECOVERY_HSM_PIN and RECOVERY_HSM_PIN_FILE from its environment.',
  )
}
