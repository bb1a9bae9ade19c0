import { layFoundations } from './foundations.ts'
import type { Log } from './log.ts'
import { CommandRefused, type Service } from './service.ts'
import type { Settings } from './settings.ts'

/** Does one thing that an operator asked for, with the database and the token of the app. */
export async function runCommand<S extends Settings>(
  service: Service<S>,
  { name, given, env, log }: { name: string; given: readonly string[]; env: NodeJS.ProcessEnv; log: Log },
): Promise<string> {
  const command = service.commands?.[name]
  if (!command || given.length !== command.takes.length) {
    throw new CommandRefused(`${name} takes: ${command?.takes.join(', ') || 'nothing'}`)
  }
  const foundations = await layFoundations(service, { env, role: 'api', log })
  try {
    return await command.run(foundations, given)
  } finally {
    await foundations.close()
  }
}
