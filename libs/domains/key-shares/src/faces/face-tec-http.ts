import { fromUtf8, type Secret, toBase64 } from '@strongroom/crypto'
import { FaceServiceUnavailable } from './face-matcher.ts'

export interface FaceTecServer {
  readonly url: string
  readonly deviceKey?: Secret
  readonly basicAuth?: Secret
  readonly timeoutMs: number
}

export interface FaceTecCall {
  readonly path: string
  readonly userAgent?: string | undefined
  /** Posted as JSON; without one the call is a GET. */
  readonly body?: object
}

/** A `scanResultBlob` is about 100 KB. */
const MOST_BYTES = 4 * 1024 * 1024
/** An operator has to look: no waiting mends a key, an address or a route. */
const LONG_WAIT = 300

/**
 * Asks a FaceTec server and gives its answer, parsed and otherwise as it came. No redirect is followed: the other side must not be
 * able to point us, or a face, at another host.
 * @throws TypeError where the settings are none; FaceServiceUnavailable from each call that brought no JSON with 200.
 */
export function faceTecHttp(server: FaceTecServer): (call: FaceTecCall) => Promise<unknown> {
  const base = readBase(server.url)
  const fixed = fixedHeaders(server)
  const { timeoutMs } = server
  if (!(timeoutMs > 0 && timeoutMs < 2 ** 31)) throw new TypeError('the FaceTec time limit is in milliseconds')
  return async ({ path, userAgent, body }) => {
    const request: RequestInit = {
      method: body ? 'POST' : 'GET',
      headers: { ...fixed, ...userAgentHeader(userAgent) },
      ...(body && { body: JSON.stringify(body) }),
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    }
    try {
      return JSON.parse(await readAll(await fetch(`${base}${path}`, request))) as unknown
    } catch (error) {
      throw error instanceof FaceServiceUnavailable ? error : asFailure(error)
    }
  }
}

const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/i

function readBase(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const safe = url?.protocol === 'https:' || (url?.protocol === 'http:' && loopback.test(url.hostname))
  if (!url || !safe || url.username || url.password || url.search || url.hash) {
    throw new TypeError('the FaceTec URL is https, or http on this machine, without user, password and query')
  }
  return url.href.replace(/\/+$/, '')
}

function fixedHeaders({ deviceKey, basicAuth }: FaceTecServer): Record<string, string> {
  return {
    accept: 'application/json',
    'content-type': 'application/json',
    // A connection kept open may be closed at the other end just then, and a scan is good once.
    connection: 'close',
    ...(deviceKey && { 'x-device-key': readCredential(deviceKey, /^[\x21-\x7e]+$/, 'device key') }),
    ...(basicAuth && { authorization: `Basic ${encodeBasic(basicAuth)}` }),
  }
}

function encodeBasic(basicAuth: Secret): string {
  readCredential(basicAuth, /^[^:\p{Cc}]+:\P{Cc}*$/u, 'user:password')
  return toBase64(basicAuth.expose())
}

/** A credential that would not fit into a header fails here: what `fetch` throws then repeats it. */
function readCredential(secret: Secret, form: RegExp, name: string): string {
  const text = fromUtf8(secret.expose())
  if (!form.test(text)) throw new TypeError(`the FaceTec ${name} is not of the form that it has`)
  return text
}

/** It comes from the device: a line break would begin a header of the sender's own. The same for each call of a session. */
function userAgentHeader(text = ''): Record<string, string> {
  const clean = text
    .replace(/[^\x20-\x7e]/g, '')
    .trim()
    .slice(0, 1024)
  return clean === '' ? {} : { 'x-user-agent': clean }
}

async function readAll({ status, headers, body }: Response): Promise<string> {
  if (status !== 200) {
    // What it says does not matter, and neither does whether it ever ends.
    await body?.cancel().catch(() => undefined)
    throw asStatus(status, headers.get('retry-after') ?? '')
  }
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of body ?? []) {
    length += chunk.length
    if (length > MOST_BYTES) throw new FaceServiceUnavailable({ reason: 'unavailable', code: 'answer-size' })
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function asStatus(status: number, wait: string): FaceServiceUnavailable {
  const passing = status >= 500 || status === 408 || status === 429
  const retryAfterSeconds = /^\d{1,6}$/.test(wait) ? Number(wait) : passing ? undefined : LONG_WAIT
  return new FaceServiceUnavailable({
    reason: status === 504 ? 'timeout' : 'unavailable',
    code: `http-${String(status)}`,
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  })
}

/** Of what `fetch` and `JSON.parse` throw only the system's code is kept: the rest repeats addresses and answers. */
function asFailure(error: unknown): FaceServiceUnavailable {
  const code = codeOf(error)
  return new FaceServiceUnavailable({ reason: /TIMEDOUT|TIMEOUT/.test(code) ? 'timeout' : 'unavailable', code })
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  if (error.name === 'TimeoutError') return 'ETIMEDOUT'
  if (error instanceof SyntaxError) return 'answer-json'
  const { cause } = error
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  return /^[A-Z0-9_]{1,40}$/.test(code) ? code : 'unknown'
}
