import { DuoError } from './error.ts'
import { fromWireNames, toWireNames } from './wire-names.ts'

export interface DuoOptions {
  /** `https://auth.example.com`. Plain HTTP on this machine only. */
  readonly baseUrl: string
  /** Asked before every call: an access token of the login provider that is still good. */
  readonly accessToken: () => Promise<string>
  readonly fetch?: typeof globalThis.fetch
  /** Seconds for each call; 60 when left out, as key shares may be some MiB. */
  readonly deadline?: number
}

export interface Call<Answer> {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly path: string
  readonly query?: object
  readonly headers?: Readonly<Record<string, string>>
  /** Names as TypeScript has them; on the wire they have underscores. */
  readonly body?: object
  /** The fields without which an answer is none. */
  readonly fields: { readonly [Name in keyof Answer]?: 'string' | 'number' | 'boolean' | 'array' }
}

export interface Answered<Answer> {
  readonly status: number
  readonly answer: Answer
}

export interface Transport {
  /** @throws DuoError, or what `accessToken` threw. */
  readonly send: <Answer>(call: Call<Answer>) => Promise<Answered<Answer>>
}

const LONGEST_MESSAGE = 500

export function openTransport({
  baseUrl,
  accessToken,
  fetch = globalThis.fetch,
  deadline = 60,
}: DuoOptions): Transport {
  const base = checkBase(baseUrl)
  return {
    send: async (call) => {
      const token = await accessToken()
      const late = AbortSignal.timeout(deadline * 1000)
      try {
        const response = await fetch(urlOf(base, call), {
          method: call.method,
          headers: {
            authorization: `Bearer ${token}`,
            ...(call.body && { 'content-type': 'application/json' }),
            ...call.headers,
          },
          ...(call.body && { body: JSON.stringify(toWireNames(call.body)) }),
          // The token goes to nobody else, the answer into no cache.
          redirect: 'error',
          credentials: 'omit',
          cache: 'no-store',
          referrerPolicy: 'no-referrer',
          signal: late,
        })
        return readAnswer(call, response, await response.text())
      } catch (error) {
        if (error instanceof DuoError) throw error
        // The platform's words can hold the token, when it is none that a header takes: they go no further.
        throw unreachable(late.aborted ? 'the server did not answer in time' : 'the server could not be reached')
      }
    },
  }
}

/** What came is no answer of this API. */
export const notAnAnswer = () => unreachable('the server answered something else')

const unreachable = (message: string) => new DuoError(message, { status: 0 })

const loopback = /^((.+\.)?localhost|127\.0\.0\.1|\[::1\])$/

function checkBase(baseUrl: string): string {
  const { protocol, hostname, search, hash, username } = new URL(baseUrl)
  if (search || hash || username) throw new TypeError('baseUrl holds more than an origin and a path')
  if (protocol !== 'https:' && !(protocol === 'http:' && loopback.test(hostname)))
    throw new TypeError('baseUrl is not HTTPS')
  return baseUrl.replace(/\/+$/, '')
}

function urlOf(base: string, { path, query = {} }: Call<unknown>): string {
  const given = Object.entries(toWireNames(query) as object).filter(([, value]) => value !== undefined)
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString()
  return `${base}${path}${text && `?${text}`}`
}

function readAnswer<Answer>({ fields }: Call<Answer>, response: Response, text: string): Answered<Answer> {
  const { status, ok, headers } = response
  const answer = parse(text)
  if (!ok) throw refusalOf(status, answer ?? {}, headers.get('retry-after'))
  const isComplete = answer && Object.entries(fields).every(([name, kind]) => isOf(kind, answer[name]))
  if (!isComplete) throw notAnAnswer()
  return { status, answer: answer as Answer }
}

const isOf = (kind: unknown, value: unknown) => (kind === 'array' ? Array.isArray(value) : typeof value === kind)

function refusalOf(status: number, { error }: Fields, wait: string | null): DuoError {
  const { code, message } = (error ?? {}) as Fields
  return new DuoError(typeof message === 'string' ? message.slice(0, LONGEST_MESSAGE) : 'the server refused', {
    status,
    code: typeof code === 'number' ? code : undefined,
    retryAfter: wait !== null && /^\d+$/.test(wait) ? Number(wait) : undefined,
  })
}

type Fields = Readonly<Record<string, unknown>>

/** A page of HTML, with 200, from a server that is another: `undefined`. */
function parse(text: string): Fields | undefined {
  if (text === '') return {}
  try {
    const answer = fromWireNames(JSON.parse(text))
    return typeof answer === 'object' && answer !== null ? (answer as Fields) : undefined
  } catch {
    return undefined
  }
}
