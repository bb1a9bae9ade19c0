import { homedir } from 'node:os'
import { join } from 'node:path'

/** Where a refused PIN is remembered where no app says: of the user, since he is who would try it again. */
export const stateDirectory = (given: string | undefined, env: NodeJS.ProcessEnv): string =>
  given ?? join(env['XDG_STATE_HOME'] ?? join(homedir(), '.local', 'state'), 'strongroom')
