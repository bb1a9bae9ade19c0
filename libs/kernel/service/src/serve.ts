import { layFoundations } from './foundations.ts'
import type { Log } from './log.ts'
import { performsWork, type Role } from './role.ts'
import type { Service } from './service.ts'
import type { Settings } from './settings.ts'
import { startListeners } from './start-listeners.ts'
import { startWork } from './start-work.ts'

export interface Running {
  /** Of the public listener, or of the only one. */
  readonly port: number
  readonly managementPort: number | undefined
  readonly beside: Readonly<Record<string, number>>
  /** For each step of stopping. */
  readonly stopSeconds: number
  stop(): Promise<void>
}

/** Opens the database and the tokens, checks that they are what they should be, works and listens. */
export async function serve<S extends Settings>(
  service: Service<S>,
  process: { env: NodeJS.ProcessEnv; role: Role; log: Log },
): Promise<Running> {
  const { role, log } = process
  const foundations = await layFoundations(service, process)
  const work = performsWork(role) ? await startWork(service, foundations, log) : undefined
  const listeners = await startListeners(service, foundations, { role, log })
  return {
    port: listeners.port,
    managementPort: listeners.managementPort,
    beside: listeners.beside,
    stopSeconds: foundations.settings.SHUTDOWN_SECONDS,
    async stop() {
      await listeners.drain()
      await work?.stop()
      await foundations.close()
    },
  }
}
