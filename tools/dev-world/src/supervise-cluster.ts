import { start, type Cluster, type StartOptions } from '@strongroom/postgres'
import { backOff } from './back-off.ts'
import type { Say } from './report.ts'

export interface SupervisedCluster {
  url(): string
  stop(): Promise<void>
}

interface Watch {
  readonly options: StartOptions
  readonly say: Say
  /** Called after a restart that had to take another port. */
  readonly onMoved: (url: string) => Promise<void>
}

/** Keeps PostgreSQL running, on the port that it got first if that can be. */
export async function superviseCluster(watch: Watch): Promise<SupervisedCluster> {
  const stopping = new AbortController()
  const current = { cluster: await start(watch.options) }
  const running = keepRunning(watch, { current, signal: stopping.signal })
  return {
    url: () => current.cluster.url,
    stop: async () => {
      stopping.abort()
      await current.cluster.stop()
      await running
    },
  }
}

interface Running {
  readonly current: { cluster: Cluster }
  readonly signal: AbortSignal
}

async function keepRunning({ options, say, onMoved }: Watch, { current, signal }: Running): Promise<void> {
  const pause = backOff(signal)
  for (;;) {
    const began = Date.now()
    await current.cluster.ended
    if (signal.aborted) return
    say('PostgreSQL ended: starting it again')
    await pause.wait(Date.now() - began)
    if (signal.aborted) return
    const { port, url } = current.cluster
    try {
      current.cluster = await start({ ...options, port })
      // Whoever asked for the end meanwhile knew the one before only.
      if (signal.aborted) return current.cluster.stop()
      say(`PostgreSQL listens on 127.0.0.1:${current.cluster.port}`)
      if (current.cluster.url !== url) await onMoved(current.cluster.url)
    } catch (error) {
      say(String(error))
    }
  }
}
