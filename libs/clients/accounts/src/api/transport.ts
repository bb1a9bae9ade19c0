import { AccountsError } from './error.ts'

export interface AccountsOptions {
  /** `https://accounts.example.com`. Plain HTTP on this machine only. */
  readonly baseUrl: string
  /** Says which app asks; where the server knows one app alone, none is needed. */
  readonly appSecret?: string
  readonly fetch?: typeof globalThis.fetch
  /** Seconds for each call; 30 when left out. */
  readonly deadline?: number
}

export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly path: string
  readonly token?: string | undefined
  readonly body?: object
  /** The fields of an object or list without which an answer is none. Nothing: an answer without a body. */
  readonly fields?: Readonly<Record<string, 'string' | 'object' | 'array'>>
}

export interface Transport {
  /** @throws AccountsError */
  readonly send: <Answer>(call: Call) => Promise<Answer>
}

const LONGEST_MESSAGE = 500
const LONGEST_NAME = 64

export function openTransport({
  baseUrl,
  appSecret,
  fetch = globalThis.fetch,
  deadline = 30,
}: AccountsOptions): Transport {
  const base = checkBase(baseUrl)
  return {
    send: async <Answer>(call: Call) => {
      const late = AbortSignal.timeout(deadline * 1000)
      try {
        const response = await fetch(`${base}${call.path}`, {
          method: call.method,
          headers: headersOf(call, appSecret),
          ...(call.body && { body: JSON.stringify(call.body) }),
          // Tokens go to nobody else, the answer into no cache.
          redirect: 'error',
          credentials: 'omit',
          cache: 'no-store',
          referrerPolicy: 'no-referrer',
          signal: late,
        })
        return readAnswer(call, response, await response.text()) as Answer
      } catch (error) {
        if (error instanceof AccountsError) throw error
        // The platform's words can hold a token, when it is none that a header takes: they go no further.
        throw unreachable(late.aborted ? 'the server did not answer in time' : 'the server could not be reached')
      }
    },
  }
}

const headersOf = ({ token, body }: Call, appSecret: string | undefined): Record<string, string> => ({
  ...(token !== undefined && { authorization: `Bearer ${token}` }),
  ...(appSecret !== undefined && { 'x-app-secret': appSecret }),
  ...(body && { 'content-type': 'application/json' }),
})

const unreachable = (message: string) => new AccountsError(message, { status: 0 })

const loopback = /^((.+\.)?localhost|127\.0\.0\.1|\[::1\])$/

function checkBase(baseUrl: string): string {
  const { protocol, hostname, search, hash, username } = new URL(baseUrl)
  if (search || hash || username) throw new TypeError('baseUrl holds more than an origin and a path')
  if (protocol !== 'https:' && !(protocol === 'http:' && loopback.test(hostname)))
    throw new TypeError('baseUrl is not HTTPS')
  return baseUrl.replace(/\/+$/, '')
}

type Fields = Readonly<Record<string, unknown>>

function readAnswer({ fields }: Call, { status, ok, headers }: Response, text: string): unknown {
  const answer = parse(text)
  if (!ok) throw refusalOf(status, answer ?? {}, headers.get('retry-after'))
  if (!fields && status === 204) return undefined
  const isComplete = fields && answer && Object.entries(fields).every(([name, kind]) => isOf(kind, answer[name]))
  if (!isComplete) throw unreachable('the server answered something else')
  return answer
}

function isOf(kind: string, value: unknown): boolean {
  if (kind === 'array') return Array.isArray(value)
  return typeof value === kind && value !== null
}

function refusalOf(status: number, { error }: Fields, wait: string | null): AccountsError {
  const { name, message } = (error ?? {}) as Fields
  return new AccountsError(typeof message === 'string' ? message.slice(0, LONGEST_MESSAGE) : 'the server refused', {
    status,
    code: typeof name === 'string' ? name.slice(0, LONGEST_NAME) : undefined,
    retryAfter: wait !== null && /^\d+$/.test(wait) ? Number(wait) : undefined,
  })
}

/** A page of HTML, with 200, from a server that is another: `undefined`. */
function parse(text: string): Fields | undefined {
  try {
    const answer: unknown = JSON.parse(text === '' ? '{}' : text)
    return typeof answer === 'object' && answer !== null ? (answer as Fields) : undefined
  } catch {
    return undefined
  }
}
