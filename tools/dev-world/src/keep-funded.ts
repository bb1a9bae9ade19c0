import { setTimeout as delay } from 'node:timers/promises'

const PAUSE_MS = 2000

/** Does it every two seconds until it is stopped; a database that is away for a moment is asked again. */
export function keepFunded(fund: () => Promise<void>): { stop(): Promise<void> } {
  const stopping = new AbortController()
  const { signal } = stopping
  const running = (async () => {
    while (!signal.aborted) {
      await fund().catch(() => undefined)
      await delay(PAUSE_MS, undefined, { signal }).catch(() => undefined)
    }
  })()
  return {
    async stop() {
      stopping.abort()
      await running
    },
  }
}
