import { Secret } from '@strongroom/crypto'
import { textOf } from '../did.ts'
import { SssError } from './error.ts'

type Fetch = typeof globalThis.fetch

export interface ApiOptions {
  /** With its base path: `https://keys.example.com/api`. Plain HTTP on this machine only. */
  readonly baseUrl: string
  /** `X-Tenant-Id`: whose name and words the mails carry. */
  readonly tenant?: string
  /** Seconds for each call; 15 when left out, as the server itself waits 10 for a mail to be taken. */
  readonly deadline?: number
  readonly fetch?: Fetch
}

type Value = string | number | boolean | Secret | undefined | { readonly [name: string]: Value }

export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly path: string
  readonly query?: Readonly<Record<string, Value>>
  readonly body?: Readonly<Record<string, Value>>
  /** DID-Auth. */
  readonly presentation?: Secret | undefined
  readonly headers?: Readonly<Record<string, Secret>>
  readonly signal?: AbortSignal | undefined
}

export interface Transport {
  readonly baseUrl: string
  /** @throws SssError; or the signal's reason, when the caller gave up. */
  readonly send: <Answer>(call: Call) => Promise<Answer>
}

const MESSAGE_LENGTH = 500

export function openTransport({ baseUrl, tenant, deadline = 15, fetch = globalThis.fetch }: ApiOptions): Transport {
  const base = checkBase(baseUrl)
  return {
    baseUrl: base,
    send: async <Answer>(call: Call) => {
      const { signal } = call
      const late = AbortSignal.timeout(deadline * 1000)
      const request = {
        method: call.method,
        headers: headersOf(call, tenant),
        ...(call.body && { body: JSON.stringify(plain(call.body)) }),
        // Tokens are in bodies and headers: no redirect may carry them elsewhere, no cache may keep the answers.
        redirect: 'error',
        credentials: 'omit',
        cache: 'no-store',
        referrerPolicy: 'no-referrer',
        signal: signal ? AbortSignal.any([signal, late]) : late,
      } as const
      try {
        return await readAnswer<Answer>(await fetch(urlOf(base, call), request))
      } catch (error) {
        if (error instanceof SssError) throw error
        signal?.throwIfAborted()
        // The platform's words can hold the URL, and that a token: they go no further.
        throw new SssError(late.aborted ? 'the server did not answer in time' : 'the server could not be reached', {
          status: 0,
        })
      }
    },
  }
}

const loopback = /^((.+\.)?localhost|127\.0\.0\.1|\[::1\])$/

function checkBase(baseUrl: string): string {
  const { protocol, hostname, search, hash, username } = new URL(baseUrl)
  if (search || hash || username) throw new TypeError('baseUrl holds more than an origin and a path')
  if (protocol !== 'https:' && !(protocol === 'http:' && loopback.test(hostname))) {
    throw new TypeError('baseUrl is not HTTPS')
  }
  return baseUrl.replace(/\/+$/, '')
}

function urlOf(base: string, { path, query = {} }: Call): string {
  const fields = Object.entries(plain(query)).filter(([, value]) => value !== undefined)
  const text = new URLSearchParams(fields.map(([name, value]) => [name, String(value)])).toString()
  return `${base}${path}${text && `?${text}`}`
}

const headersOf = ({ body, presentation, headers = {} }: Call, tenant: string | undefined) => ({
  ...(body && { 'content-type': 'application/json' }),
  ...(presentation && { authorization: `Bearer ${textOf(presentation)}` }),
  ...(tenant !== undefined && { 'x-tenant-id': tenant }),
  ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, textOf(value)])),
})

// The one place where secrets become text for the wire.
const plain = (fields: Readonly<Record<string, Value>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, plainValue(value)]))

function plainValue(value: Value): unknown {
  if (value instanceof Secret) return textOf(value)
  return typeof value === 'object' ? plain(value) : value
}

async function readAnswer<Answer>(response: Response): Promise<Answer> {
  const text = await response.text()
  const answer = parse(text)
  if (response.ok && answer !== undefined) return answer as Answer
  if (response.ok) throw new SssError('the server answered no JSON', { status: 0 })
  const { message, code } = (answer ?? {}) as Readonly<Record<string, unknown>>
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN)
  throw new SssError(typeof message === 'string' ? message.slice(0, MESSAGE_LENGTH) : 'the server refused', {
    status: response.status,
    code: typeof code === 'string' ? code : undefined,
    retryAfter: Number.isFinite(seconds) ? seconds : undefined,
  })
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
