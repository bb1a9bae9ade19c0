import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type Cluster, start, stateDirectory, stopLeftover } from '@strongroom/postgres'

/** A cluster for one run that waits for the disk at every commit, as production does; `stop` removes it. */
export async function startDurable(): Promise<Cluster> {
  const place = join(stateDirectory(), 'bench')
  await removeAbandoned(place)
  const directory = join(place, String(process.pid))
  const cluster = await start({ directory, durability: 'durable' })
  return {
    ...cluster,
    async stop() {
      await cluster.stop()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

async function removeAbandoned(place: string): Promise<void> {
  const directories = existsSync(place) ? readdirSync(place) : []
  for (const name of directories.filter((pid) => !existsSync(`/proc/${pid}`))) {
    await stopLeftover(join(place, name))
    rmSync(join(place, name), { recursive: true, force: true })
  }
}
