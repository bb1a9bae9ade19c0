import { once } from 'node:events'
import { parentPort, workerData } from 'node:worker_threads'
import { attach } from '../connect.ts'
import { workingSessions } from '../profiles/sessions.ts'
import { serveCalls } from './serve-calls.ts'
import type { SharedToken } from './session-link.ts'
import { orderFrom, type StartNews } from './start-order.ts'
import type { Turns } from './turns.ts'
import { encodeFailure } from './wire-failure.ts'

export interface TokenPost {
  readonly order: Uint8Array<ArrayBuffer>
  readonly turns: Turns
}

/** What the thread that logs in tells: the news for the parent, and what further sessions need. */
export interface TokenNews {
  readonly news: StartNews
  readonly others?: { readonly shared: SharedToken; readonly wished: number }
}

const { order: bytes, turns } = workerData as TokenPost
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- threads have none
const tell = (told: TokenNews) => parentPort?.postMessage(told)

try {
  const order = orderFrom(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length))
  const { source, keys, lowPinCount, proved, sessions } = order
  const onLogin = () => tell({ news: { told: 'login' } })
  const link = await attach(order, { source, keys, lowPinCount, onLogin, ...(proved && { proved }) })
  order.pin.wipe()
  const { description, proved: proofs, slot, profile } = link
  const tenant = { deployment: order.deployment, app: order.app }
  const shared = { source, slot, keys: link.keys.all, strategies: proofs.strategies, tenant, profile: profile.name }
  tell({
    news: { told: 'ready', description, proved: proofs },
    others: { shared, wished: workingSessions(profile, sessions) - 1 },
  })
  serveCalls(link, turns)
  // The login, and the session copies of the keys, live as long as this thread's session: it ends last.
  if (parentPort !== null) await once(parentPort, 'message')
  link.close()
} catch (error) {
  tell({ news: { told: 'failure', failure: encodeFailure(error) } })
}
