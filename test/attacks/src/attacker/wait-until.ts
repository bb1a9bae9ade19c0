import { setTimeout as pass } from 'node:timers/promises'

/** Asks again and again until the answer is true. Says what it waited for when a minute did not suffice. */
export async function waitUntil(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 60_000
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`Waited for a minute: ${what}.`)
    await pass(20)
  }
}
