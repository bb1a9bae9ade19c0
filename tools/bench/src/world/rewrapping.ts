import { setTimeout as pause } from 'node:timers/promises'
import type { KeyDesk } from '@strongroom/service'
import type { KeyServer } from './key-server.ts'

const BETWEEN_LOOKS = 100

/** A worker beside a server, whose values are rewrapped when it is wanted and at no other time. */
export interface Rewrapping {
  /** Rotates once more, so that every value is to be rewrapped. */
  begin(): Promise<void>
  /** When nothing is under way any more. */
  end(): Promise<void>
  stop(): Promise<void>
}

export async function startRewrapping(server: KeyServer, desk: KeyDesk): Promise<Rewrapping> {
  const worker = await server.spawnWorker()
  const follow = async () => {
    while (!(await desk.status()).replicas.every(({ isCurrent }) => isCurrent)) await pause(BETWEEN_LOOKS)
  }
  return {
    async begin() {
      await desk.publish()
      await follow()
      await desk.activate()
      await follow()
      await desk.beginRewrap()
    },
    async end() {
      while ((await desk.rewrapProgress()).state === 'running') await pause(BETWEEN_LOOKS)
    },
    stop: () => worker.stop(),
  }
}
