import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { stopLeftover } from './postmaster.ts'
import { start, type Cluster } from './start.ts'
import { stateDirectory } from './state.ts'

/** A cluster for one run of tests, with nothing in it; `stop` removes it. What killed runs left is removed on the way. */
export async function startThrowaway(): Promise<Cluster> {
  const place = join(stateDirectory(), 'throwaway')
  await removeAbandoned(place)
  const directory = join(place, `${process.pid}-${randomBytes(4).toString('hex')}`)
  const cluster = await start({ directory, durability: 'throwaway' })
  const stop = async () => {
    await cluster.stop()
    rmSync(directory, { recursive: true, force: true })
  }
  return { ...cluster, stop }
}

async function removeAbandoned(place: string): Promise<void> {
  const directories = existsSync(place) ? readdirSync(place) : []
  for (const name of directories.filter((entry) => !isAlive(Number.parseInt(entry, 10)))) {
    await stopLeftover(join(place, name))
    rmSync(join(place, name), { recursive: true, force: true })
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
