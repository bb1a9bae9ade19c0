import { setTimeout as pause } from 'node:timers/promises'
import type { KeyServer } from './key-server.ts'

const MOST_LOOKS = 600
const BETWEEN_LOOKS = 50

/** A worker beside a server, whose sweeps run when they are wanted and at no other time. Begins paused, all linked. */
export interface LinkingWorker {
  /** Goes on, with a sweep at once: it links the audit events that came since it was paused. */
  resume(): Promise<void>
  /** Pauses as soon as every event there is was linked. */
  pause(): Promise<void>
  stop(): Promise<void>
}

export async function startLinkingWorker(server: KeyServer): Promise<LinkingWorker> {
  const { database } = server
  const worker = await server.spawnWorker()
  const sweep = () => database.ask(`select graphile_worker.add_job('sweeps.run', '{}')`)
  const unlinked = async () => {
    const [{ left } = { left: 0 }] = await database.ask<{ left: number }>(
      'select ((select count(*) from audit.events) - (select count(*) from audit.links))::int as left',
    )
    return left
  }
  const pauseWhenLinked = async () => {
    await sweep()
    for (let looks = 0; (await unlinked()) > 0; looks++) {
      if (looks === MOST_LOOKS) throw new Error('the worker does not link the audit log')
      await pause(BETWEEN_LOOKS)
    }
    worker.process.kill('SIGSTOP')
  }
  await pauseWhenLinked()
  return {
    async resume() {
      await sweep()
      worker.process.kill('SIGCONT')
    },
    pause: pauseWhenLinked,
    stop: () => worker.stop(),
  }
}
