import { type Sweep, sweep } from '../sweep.ts'
import { beginCompletion, type CompletionDeps } from './complete-page.ts'

const LOOK_SECONDS = 5
const DAY_MS = 86_400_000

/**
 * Begins a pass when a token came, or came back, since the last look, and once a day: another process may have seen a token
 * away that this one did not. One token alone misses nothing.
 */
export function completionSweep(now: () => number = Date.now): Sweep<CompletionDeps> {
  let healthy: readonly string[] = []
  let begun = Number.NEGATIVE_INFINITY
  return sweep<CompletionDeps>()({
    name: 'recipients.begin',
    every: LOOK_SECONDS,
    async run({ database, hsm, columns }) {
      const tokens = hsm.tokens()
      if (tokens.length === 1) return
      const found = tokens.filter(({ state }) => state === 'healthy').map(({ label }) => label)
      const hasCome = found.some((label) => !healthy.includes(label))
      if (hasCome || now() - begun > DAY_MS) {
        await beginCompletion(database, columns)
        begun = now()
      }
      healthy = found
    },
  })
}
