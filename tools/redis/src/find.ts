import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** The path of redis-server: what `STRONGROOM_REDIS_SERVER` names, else the first on PATH. */
export function findRedis(environment: NodeJS.ProcessEnv = process.env): string | undefined {
  const given = environment['STRONGROOM_REDIS_SERVER']
  if (given) return given
  const directories = (environment['PATH'] ?? '').split(delimiter).filter(Boolean)
  return directories.map((directory) => join(directory, 'redis-server')).find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
