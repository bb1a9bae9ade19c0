import { type RedisServer, startRedis } from '@strongroom/redis'
import { backOff } from './back-off.ts'
import type { Say } from './report.ts'

export interface SupervisedRedis {
  readonly url: string
  stop(): Promise<void>
}

interface Watch {
  readonly log: string
  readonly say: Say
}

/** Keeps Redis running where the apps look for it: on the port that it got first, with the same password. */
export async function superviseRedis(watch: Watch): Promise<SupervisedRedis> {
  const stopping = new AbortController()
  const first = await startRedis({ log: watch.log })
  const current = { server: first }
  const running = keepRunning(watch, { first, current, signal: stopping.signal })
  return {
    url: first.url,
    stop: async () => {
      stopping.abort()
      await current.server.close()
      await running
    },
  }
}

interface Running {
  readonly first: RedisServer
  readonly current: { server: RedisServer }
  readonly signal: AbortSignal
}

async function keepRunning({ log, say }: Watch, { first, current, signal }: Running): Promise<void> {
  const pause = backOff(signal)
  for (;;) {
    const began = Date.now()
    await current.server.ended
    if (signal.aborted) return
    say('Redis ended: starting it again')
    await pause.wait(Date.now() - began)
    if (signal.aborted) return
    try {
      current.server = await startRedis({ log, port: first.port, password: new URL(first.url).password })
      // Whoever asked for the end meanwhile knew the one before only; and elsewhere no app would find it.
      if (signal.aborted || current.server.port !== first.port) await current.server.close()
    } catch (error) {
      say(String(error))
    }
  }
}
