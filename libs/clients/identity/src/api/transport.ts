import { fromUtf8, type RandomSource, Secret, systemRandom, toBase64url } from '@strongroom/crypto'
import type { Signer } from '../signer.ts'
import { type DateHeader, type SignatureProfile, signRequest } from '../sign-request.ts'
import { type JsonApiDocument, readDocument } from './document.ts'
import { IdentityError } from './error.ts'
import { notAnAnswer, refusalOf, unreachable } from './read-refusal.ts'

export interface IdentityOptions {
  /** `https://wallets.example.com`, with a gateway's prefix where there is one. Plain HTTP on this machine only. */
  readonly baseUrl: string
  /** How requests are signed; `compat` when left out, which any TokenD server takes. */
  readonly profile?: SignatureProfile
  readonly fetch?: typeof globalThis.fetch
  /** What dates are signed by; this device's clock when left out. */
  readonly clock?: () => Date
  /** Of the nonces that `strict` signs. */
  readonly random?: RandomSource
  /** Seconds for each call; 60 when left out, as a ledger may take its time. */
  readonly deadline?: number
}

/** Whose call it is: an account, and a key that signs for it. */
export interface Account {
  /** `G…` */
  readonly accountId: string
  readonly signer: Signer
}

export interface Call<Answer> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** A template tag of `path` makes it. */
  readonly path: string
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>
  /** Sent as JSON, Secrets in it as their text. */
  readonly body?: unknown
  /** Signs the request. */
  readonly by?: Account | undefined
  /** What the answer is, of the document of a 2xx; `undefined` says that it is none. */
  readonly read: (document: JsonApiDocument | undefined) => Answer | undefined
}

export interface Transport {
  /** @throws IdentityError, or what the signer threw. */
  readonly send: <Answer>(call: Call<Answer>) => Promise<Answer>
  /** Sends the call as often as it is called, each time the same bytes; `strict` signs each anew. */
  readonly prepare: <Answer>(call: Call<Answer>) => () => Promise<Answer>
}

const MEDIA_TYPE = 'application/vnd.api+json'
const NONCE_BYTES = 16

export function openTransport(options: IdentityOptions): Transport {
  const { fetch = globalThis.fetch, deadline = 60 } = options
  const base = checkBase(options.baseUrl)
  const sign = openSigning(options)
  const prepare = <Answer>(call: Call<Answer>) => {
    const request = draft(base, call)
    const signed = sign(request, call.by)
    return async () => {
      const headers = await signed()
      const late = AbortSignal.timeout(deadline * 1000)
      try {
        const response = await fetch(request.url, {
          method: request.method,
          headers: {
            accept: MEDIA_TYPE,
            ...(request.body !== undefined && { 'content-type': MEDIA_TYPE }),
            ...headers,
          },
          ...(request.body !== undefined && { body: request.body }),
          // A wallet's id stands in the address, its keychain in the answer: neither goes elsewhere, nor into a cache.
          redirect: 'error',
          credentials: 'omit',
          cache: 'no-store',
          referrerPolicy: 'no-referrer',
          signal: late,
        })
        return readAnswer(call, response, await response.text())
      } catch (error) {
        if (error instanceof IdentityError) throw error
        // The platform's words can hold the address, and that a wallet's id: they go no further.
        throw unreachable(late.aborted ? 'the server did not answer in time' : 'the server could not be reached')
      }
    }
  }
  return { prepare, send: (call) => prepare(call)() }
}

/** A path, with what is put into it encoded; Secrets as their text. */
export const path = (parts: TemplateStringsArray, ...values: readonly (string | Secret)[]): string =>
  String.raw(parts, ...values.map((value) => encodeURIComponent(plainText(value))))

interface Draft {
  readonly method: string
  readonly url: string
  /** What a signature covers: path and query as they go out, without the base's path. */
  readonly target: string
  readonly body: string | undefined
}

function draft(base: URL, { method, path: ending, query = {}, body }: Call<unknown>): Draft {
  const fields = Object.entries(query).filter(([, value]) => value !== undefined)
  // Names with their brackets as they are, as TokenD's clients send and sign them.
  const text = fields.map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`).join('&')
  const prefix = base.pathname.replace(/\/+$/, '')
  const url = new URL(`${prefix}${ending}${text && `?${text}`}`, base)
  const target = `${url.pathname.slice(prefix.length)}${url.search}`
  return { method, url: url.href, target, body: body === undefined ? undefined : JSON.stringify(body, plainValue) }
}

const plainText = (value: string | Secret) => (value instanceof Secret ? fromUtf8(value.expose()) : value)

// The one place where secrets become text for the wire. A Secret's own toJSON has spoken before a replacer is asked.
function plainValue(this: unknown, name: string, value: unknown): unknown {
  const original = (this as Readonly<Record<string, unknown>>)[name]
  return original instanceof Secret ? plainText(original) : value
}

function openSigning({ profile = 'compat', clock = () => new Date(), random = systemRandom }: IdentityOptions) {
  const anew = () => ({ date: clock(), dateHeader: dateHeader(), nonce: toBase64url(random(NONCE_BYTES)) })
  return ({ method, target, body }: Draft, by: Account | undefined) => {
    if (!by) return () => Promise.resolve({})
    const { signer, accountId } = by
    const request = { signer, accountId, method, target, body, profile }
    if (profile === 'strict') return () => signRequest({ ...request, ...anew() })
    const once = signRequest(request)
    once.catch(() => undefined)
    return () => once
  }
}

const dateHeader = (): DateHeader =>
  new Request('http://localhost/', { headers: { date: 'of anything' } }).headers.has('date') ? 'date' : 'x-date'

const loopback = /^((.+\.)?localhost|127\.0\.0\.1|\[::1\])$/

function checkBase(baseUrl: string): URL {
  const url = new URL(baseUrl)
  const { protocol, hostname, search, hash, username } = url
  if (search || hash || username) throw new TypeError('baseUrl holds more than an origin and a path')
  if (protocol !== 'https:' && !(protocol === 'http:' && loopback.test(hostname)))
    throw new TypeError('baseUrl is not HTTPS')
  return url
}

function readAnswer<Answer>({ read }: Call<Answer>, { ok, status, headers }: Response, text: string): Answer {
  if (!ok) throw refusalOf(status, text, headers.get('retry-after'))
  const answer = read(readDocument(text))
  if (answer === undefined) throw notAnAnswer()
  return answer
}
