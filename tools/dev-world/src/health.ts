import { get } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'

/** Whether the app says that its database and its token answer. By `node:http`: `fetch` refuses a list of ports. */
export const isReady = (address: string): Promise<boolean> =>
  new Promise((resolve) => {
    const asked = get(`${address}/health/ready`, { timeout: 2000 }, (answer) => {
      answer.resume()
      resolve(answer.statusCode === 200)
    })
    asked.on('error', () => resolve(false))
    asked.on('timeout', () => asked.destroy())
  })

/** Asks until the app is ready. `false`: it was not by the time the signal came. */
export async function waitUntilReady(address: string, signal: AbortSignal): Promise<boolean> {
  const began = Date.now()
  while (!signal.aborted) {
    if (await isReady(address)) return true
    await delay(Date.now() - began < 10_000 ? 30 : 500)
  }
  return false
}
