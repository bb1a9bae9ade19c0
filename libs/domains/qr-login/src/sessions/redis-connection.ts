import { setTimeout as delay } from 'node:timers/promises'
import type { Secret } from '@strongroom/crypto'
import { createClient, ErrorReply } from 'redis'

/** Redis did not take the command, or its answer was lost: the caller may try again. Names no address, user or value. */
export class RelayUnavailable extends Error {
  readonly retryAfterSeconds = 1

  constructor() {
    super('Redis is unavailable')
    this.name = 'RelayUnavailable'
  }
}

export interface RedisOptions {
  /** `redis://[[user]:password@]host[:port][/database]`, or `rediss://` for TLS. */
  readonly url: Secret
  /** Told of each connection that was lost or refused: the first word of what Redis said, or an error's code or class. */
  readonly onConnectionLost?: (reason: string) => void
}

export type RedisClient = ReturnType<typeof makeClient>

export interface RedisConnection {
  /** @throws RelayUnavailable where there is no answer within the deadline. */
  ask<T>(command: (client: RedisClient) => Promise<T>): Promise<T>
  close(): void
}

/** Milliseconds for one command: what a person at a phone bears. */
const DEADLINE = 2_000
const LONGEST_WAIT = 1_000
const QUEUED = 10_000

/** One connection, which is made anew for as long as it takes. @throws TypeError for a URL that cannot be read. */
export function connectRedis({ url, onConnectionLost }: RedisOptions): RedisConnection {
  const begin = () => {
    const client = makeClient(url)
    client.on('error', (error: Error) => onConnectionLost?.(reasonOf(error)))
    const connected = client.connect().catch(() => undefined)
    return { client, connected }
  }
  const first = begin()
  // Requests of the first moments wait for the first connection. Later ones are refused at once while there is none.
  const started = Promise.race([first.connected, delay(DEADLINE, undefined, { ref: false })])
  let { client } = first

  const giveUp = (given: RedisClient) => {
    // A frozen server keeps its sockets open: what was sent hangs, and so would all that follows on this connection.
    if (given !== client || !given.isReady) return
    given.destroy()
    client = begin().client
  }

  return {
    async ask(command) {
      await started
      const asked = client
      const { promise: late, reject } = Promise.withResolvers<never>()
      let isOver = false
      const leave = () => {
        if (isOver) return
        giveUp(asked)
        reject(new RelayUnavailable())
      }
      // One more turn: where it was this process that stood still, the answer is there to be read.
      const timer = setTimeout(() => setImmediate(leave), DEADLINE)
      try {
        return await Promise.race([command(asked), late])
      } catch (error) {
        throw judge(error)
      } finally {
        isOver = true
        clearTimeout(timer)
      }
    },
    close: () => client.destroy(),
  }
}

function makeClient(url: Secret) {
  try {
    return createClient({
      url: new TextDecoder().decode(url.expose()),
      // What waits for a server that is away is refused at once: executed later it would surprise its caller.
      disableOfflineQueue: true,
      commandsQueueMaxLength: QUEUED,
      // Idle, the pings keep the connection; while it is being made there are none, and a silent server is left.
      pingInterval: DEADLINE / 2,
      socket: {
        connectTimeout: DEADLINE,
        socketTimeout: 2 * DEADLINE,
        reconnectStrategy: (retries) => Math.min(50 * 2 ** retries, LONGEST_WAIT),
      },
    })
  } catch {
    // The error of the URL parser carries its input, password and all.
    throw new TypeError('the Redis URL cannot be read')
  }
}

const passing = /^(LOADING|BUSY|OOM|READONLY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|NOREPLICAS|MISCONF|NOAUTH|NOPERM)\b/

/** What Redis says of a command repeats its arguments, a payload among them: its first word is all that is kept. */
function judge(error: unknown): Error {
  if (error instanceof TypeError) return error
  if (!(error instanceof ErrorReply) || passing.test(error.message)) return new RelayUnavailable()
  return new Error(`Redis refused a command: ${reasonOf(error)}`)
}

function reasonOf(error: Error): string {
  if (error instanceof ErrorReply) return error.message.split(' ', 1)[0] ?? ''
  return 'code' in error && typeof error.code === 'string' ? error.code : error.constructor.name
}
