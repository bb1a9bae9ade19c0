import { setTimeout as delay } from 'node:timers/promises'

/** Polls until it holds. How long that takes is no promise of ours; that it never comes is what fails. */
export async function eventually(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 90_000
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`it never came true: ${what}`)
    await delay(20)
  }
}
