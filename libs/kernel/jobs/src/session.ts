import type { WithPgClient } from 'graphile-worker'
import { askerOver, type Client, keepWishes, type Wish } from './locks.ts'
import { backOff, pause } from './pause.ts'

/**
 * One connection for as long as the process lives, and the advisory locks that it holds. PostgreSQL frees them when the
 * connection ends, however the process died. One that breaks is made anew, and tries for the same locks again.
 */
export interface Session {
  /**
   * Wishes for a lock that one session of this database has at a time. `onHeld` is called each time it is got; the signal
   * is aborted when it is lost. Answers with how to give it up.
   */
  hold(name: string, onHeld: (lost: AbortSignal) => void): () => void
  close(): Promise<void>
}

export interface SessionOptions {
  readonly withPgClient: WithPgClient
  /** Notifications on this channel reach `onNotification`. */
  readonly channel: string
  readonly onNotification: () => void
  readonly onLost: (error: unknown) => void
}

/** Milliseconds between two looks at the wishes: another process takes a free lock within so much. */
const BEAT = 1_000

export function openSession(options: SessionOptions): Session {
  const wishes = new Map<string, Wish>()
  const closing = new AbortController()
  let woken = new AbortController()
  const wake = () => {
    woken.abort()
    woken = new AbortController()
  }

  const occupy = async (client: Client) => {
    const held = new Set<string>()
    const gone = new AbortController()
    const lost = gone.signal
    const lose = (error?: Error) => gone.abort(error ?? new Error('the connection ended'))
    client.on('error', lose)
    client.on('end', lose)
    client.on('notification', options.onNotification)
    const ask = askerOver(client, lost)
    try {
      await ask(`listen "${options.channel}"`)
      while (!closing.signal.aborted) {
        const beat = AbortSignal.any([closing.signal, woken.signal, lost])
        await keepWishes(ask, { wishes, held, lost })
        await pause(BEAT, beat)
        lost.throwIfAborted()
      }
      await ask('select pg_advisory_unlock_all()')
    } finally {
      lose()
    }
  }
  const keepConnected = async () => {
    for (let failures = 0; !closing.signal.aborted; failures++) {
      const began = performance.now()
      try {
        await options.withPgClient((client) => occupy(client).finally(() => discard(client)))
      } catch (error) {
        if (!closing.signal.aborted) options.onLost(error)
      }
      if (performance.now() - began > 5 * BEAT) failures = 0
      // Within the grace that others give before they take this process for dead.
      await pause(Math.min(2 * BEAT, backOff(failures)), closing.signal)
    }
  }
  const connected = keepConnected()
  return {
    hold(name, onHeld) {
      const wish: Wish = { onHeld, released: false }
      wishes.set(name, wish)
      wake()
      return () => {
        wish.released = true
        wake()
      }
    },
    async close() {
      closing.abort()
      await connected
    },
  }
}

/** Closes it, so that the pool, which gets it back, throws it away: a silent one would be handed to the next who asks. */
function discard(client: Client): void {
  void (client as Client & { end(): Promise<void> }).end().catch(() => undefined)
}
