import { AsyncLocalStorage } from 'node:async_hooks'
import type { ClientRequest, IncomingMessage } from 'node:http'
import { Agent, type RequestOptions } from 'node:https'
import { ProviderUnavailable } from './errors.ts'
import type { LoopbackPush } from './loopback-push.ts'
import { readRetryAfter } from './retry-after.ts'

/** What is seen of one `send` on the wire: the SDK tells too little of it, and repeats too much. */
export interface Attempt {
  readonly controller: AbortController
  /** Whether the message itself was asked for, or only the right to send it. */
  asked: boolean
  /** The status of the last answer, 0 before the first. */
  status: number
  /** The code of what broke the connection. */
  code: string
}

const attempts = new AsyncLocalStorage<Attempt>()

/** Runs one attempt to its end or to the time limit; nothing that it began goes on behind it. */
export async function attemptOnce<T>(timeoutMs: number, work: (attempt: Attempt) => Promise<T>): Promise<T> {
  const attempt: Attempt = { controller: new AbortController(), asked: false, status: 0, code: '' }
  const { signal } = attempt.controller
  const timer = setTimeout(() => giveUp(attempt, { code: 'ETIMEDOUT' }), timeoutMs)
  const ended = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
  })
  return Promise.race([attempts.run(attempt, () => work(attempt)), ended]).finally(() => {
    clearTimeout(timer)
    attempt.controller.abort()
  })
}

const giveUp = ({ controller }: Attempt, failure: { code: string; retryAfterSeconds?: number }) =>
  controller.abort(new ProviderUnavailable({ channel: 'push', ...failure }))

type AddRequest = (this: Agent, request: ClientRequest, options: RequestOptions) => void

/**
 * Sees each request that the SDK makes. The SDK repeats a message after a 503 or a lost connection, up to four times and
 * within a minute each: here it is asked once, and whoever called decides.
 */
export class FcmAgent extends Agent {
  readonly #loopback: LoopbackPush | undefined

  constructor(loopback: LoopbackPush | undefined) {
    // A connection kept open may be closed at the other end just then: a message asked once would be lost to it.
    super({ keepAlive: false })
    this.#loopback = loopback
  }

  /** What `http.request` calls on an agent; its types leave it out. */
  addRequest(request: ClientRequest, options: RequestOptions): void {
    const attempt = attempts.getStore()
    if (attempt) watch(attempt, request)
    const { addRequest } = Agent.prototype as unknown as { addRequest: AddRequest }
    addRequest.call(this, request, options)
  }

  override createConnection(...[options, callback]: Parameters<Agent['createConnection']>) {
    if (!this.#loopback) return super.createConnection(options, callback)
    const { url, ca } = this.#loopback
    // The certificate is still to be that of the host that was asked for.
    const servername = options.host ?? ''
    const there = { ...options, host: url.hostname, port: url.port, servername, ca }
    return super.createConnection(there, callback)
  }
}

/** Of a code that neither the SDK nor what it gets its tokens by tries again after. */
const ending = () => Object.assign(new Error('this attempt has ended'), { code: 'AbortError' })

function watch(attempt: Attempt, request: ClientRequest): void {
  const { signal } = attempt.controller
  const isMessage = request.path.endsWith(':send')
  if (signal.aborted || (isMessage && attempt.asked)) throw ending()
  attempt.asked ||= isMessage
  const hangUp = () => void request.destroy(ending())
  signal.addEventListener('abort', hangUp, { once: true })
  request.once('close', () => signal.removeEventListener('abort', hangUp))
  request.once('error', (error: NodeJS.ErrnoException) => (attempt.code = error.code ?? ''))
  request.once('response', ({ statusCode = 0, headers }: IncomingMessage) => {
    attempt.status = statusCode
    if (isMessage && statusCode === 503) {
      giveUp(attempt, { code: 'http-503', ...readRetryAfter(headers['retry-after']) })
    }
  })
}
