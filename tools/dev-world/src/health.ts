import { setTimeout as delay } from 'node:timers/promises'

export async function isReady(address: string): Promise<boolean> {
  try {
    const response = await fetch(`${address}/health/ready`, { signal: AbortSignal.timeout(5_000) })
    await response.body?.cancel()
    return response.ok
  } catch {
    return false
  }
}

/** Asks until the app is ready. `false`: it was not by the time the signal came. */
export async function waitUntilReady(address: string, signal: AbortSignal): Promise<boolean> {
  while (!signal.aborted) {
    if (await isReady(address)) return true
    await delay(30)
  }
  return false
}
