import { setTimeout as pause } from 'node:timers/promises'
import type { KeyDesk } from '@strongroom/service'
import type { KeyServer } from './key-server.ts'

const BETWEEN_LOOKS = 100

/** A worker beside a server that has values to rewrap whenever it goes on. Begins paused. */
export interface Rewrapping {
  /** Rotates once more where the last pass is over. */
  resume(): Promise<void>
  pause(): void
  stop(): Promise<void>
}

export async function startRewrapping(server: KeyServer, desk: KeyDesk): Promise<Rewrapping> {
  const worker = await server.spawnWorker()
  const follow = async () => {
    while (!(await desk.status()).replicas.every(({ isCurrent }) => isCurrent)) await pause(BETWEEN_LOOKS)
  }
  const rotate = async () => {
    await desk.publish()
    await follow()
    await desk.activate()
    await follow()
    await desk.beginRewrap()
  }
  worker.process.kill('SIGSTOP')
  return {
    async resume() {
      worker.process.kill('SIGCONT')
      if ((await desk.rewrapProgress()).state !== 'running') await rotate()
    },
    pause: () => void worker.process.kill('SIGSTOP'),
    stop: () => worker.stop(),
  }
}
