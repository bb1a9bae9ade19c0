import { LedgerTimedOut } from './ledger-timed-out.ts'
import { LedgerUnavailable } from './ledger.ts'

/** What `fetch` does; a parameter for tests, whose servers have other addresses than the URLs say. */
export type Fetch = (url: URL, options: RequestInit) => Promise<Response>

export interface HorizonServer {
  /** Where its routes begin: `https:`, or `http:` on this machine. From the configuration, never from a request. */
  readonly url: string
  readonly fetch?: Fetch | undefined
}

export interface HorizonCall {
  /** From `/` on, with the query. */
  readonly path: string
  /** Milliseconds, from the question to the last byte of the answer. */
  readonly timeoutMs: number
  /** Posted as JSON; without one the call is a GET. */
  readonly body?: object
}

/** An answer that was one: 200, or 400 and 404, which say no. */
export interface HorizonAnswer {
  readonly status: 200 | 400 | 404
  readonly body: unknown
}

const MOST_BYTES = 1_048_576

/**
 * Asks a Horizon and gives its answer, parsed and otherwise as it came. No redirect is followed: the other side must not be able
 * to point us at our own network.
 * @throws TypeError where the URL is none of the kind; LedgerUnavailable, LedgerTimedOut from each call that brought no answer.
 */
export function horizonHttp(server: HorizonServer): (call: HorizonCall) => Promise<HorizonAnswer> {
  const base = readBase(server.url)
  const { fetch = globalThis.fetch } = server
  return async ({ path, timeoutMs, body }) => {
    const url = new URL(`${base}${path}`)
    const request: RequestInit = {
      method: body ? 'POST' : 'GET',
      headers: { accept: MEDIA_TYPE, ...(body && { 'content-type': MEDIA_TYPE }) },
      ...(body && { body: JSON.stringify(body) }),
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    }
    try {
      return await readAnswer(await fetch(url, request))
    } catch (error) {
      throw error instanceof LedgerUnavailable ? error : unanswered(codeOf(error))
    }
  }
}

const MEDIA_TYPE = 'application/vnd.api+json'

/** @param code Short and ours, for the log: no word of an answer, and no address. */
export const unanswered = (code: string): LedgerUnavailable => new LedgerUnavailable({ cause: new Error(code) })

const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/i

function readBase(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const safe = url?.protocol === 'https:' || (url?.protocol === 'http:' && loopback.test(url.hostname))
  if (!url || !safe || url.username || url.password || url.search || url.hash)
    throw new TypeError('the ledger’s URL is https, or http on this machine, without user, password and query')
  return url.href.replace(/\/+$/, '')
}

async function readAnswer({ status, body }: Response): Promise<HorizonAnswer> {
  if (status !== 200 && status !== 400 && status !== 404) {
    // What it says does not matter, and neither does whether it ever ends.
    await body?.cancel().catch(() => undefined)
    const cause = new Error(`http-${String(status)}`)
    throw status === 408 ? new LedgerTimedOut({ cause }) : new LedgerUnavailable({ cause })
  }
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of body ?? []) {
    length += chunk.length
    if (length > MOST_BYTES) throw unanswered('answer-size')
    chunks.push(chunk)
  }
  return { status, body: JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown }
}

/** Of what `fetch` and `JSON.parse` throw only the system's code is kept: the rest repeats addresses and answers. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  if (error.name === 'TimeoutError') return 'ETIMEDOUT'
  if (error instanceof SyntaxError) return 'answer-json'
  const { cause } = error
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  return /^[A-Z0-9_]{1,40}$/.test(code) ? code : 'unknown'
}
