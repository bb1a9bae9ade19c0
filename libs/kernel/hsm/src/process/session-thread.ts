import { parentPort, workerData } from 'node:worker_threads'
import { serveCalls } from './serve-calls.ts'
import { type SharedToken, SessionLink } from './session-link.ts'
import type { Turns } from './turns.ts'

/** Given to each thread that works with a session of its own. */
export interface SessionPost {
  readonly shared: SharedToken
  readonly turns: Turns
}

/** Told once. `refused`: the token gives no further session. */
export type SessionNews = 'ready' | 'refused'

const { shared, turns } = workerData as SessionPost
const link = openLink()
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- threads have none
parentPort?.postMessage((link === undefined ? 'refused' : 'ready') satisfies SessionNews)
if (link !== undefined) {
  serveCalls(link, turns)
  link.close()
}

function openLink(): SessionLink | undefined {
  try {
    return new SessionLink(shared)
  } catch {
    // The others go on without; what else is wrong with the token they will find out.
    return undefined
  }
}
