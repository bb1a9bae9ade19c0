import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { getRawBody } from 'raw-body'
import type { z } from 'zod'
import type { Dialect } from './dialect.ts'
import type { AnyEndpoint } from './endpoint.ts'
import { bodyTooLarge, invalidInput, type Refusal, unsupportedMediaType } from './refusal.ts'

const KIBIBYTE = 1024
export const DEFAULT_BODY_LIMIT = 16 * KIBIBYTE
const nothing = new Uint8Array()

/** Reads the body of an endpoint that has one, up to its limit. Bodies that nobody asked for are not read. */
export async function readBody(request: IncomingMessage, endpoint: AnyEndpoint): Promise<Uint8Array | Refusal> {
  if (!endpoint.body) return nothing
  try {
    const length = request.headers['content-length'] ?? null
    return await getRawBody(request, { limit: endpoint.bodyLimit ?? DEFAULT_BODY_LIMIT, length })
  } catch (error) {
    // Left unread, the rest would hold up the next request of this connection.
    request.resume()
    const type = error instanceof Error && 'type' in error ? error.type : undefined
    return type === 'entity.too.large' ? bodyTooLarge() : invalidInput({ field: 'body' })
  }
}

export interface Input {
  readonly params: unknown
  readonly query: unknown
  readonly headers: unknown
  readonly body: unknown
}

/** Judges params, query, headers and body by the endpoint's shapes. A refusal names the field, never its value. */
export function parseInput(
  endpoint: AnyEndpoint,
  raw: { params: unknown; query: unknown; headers: IncomingHttpHeaders; body: Uint8Array },
  dialect: Dialect,
): Input | Refusal {
  const params = endpoint.params?.safeParse(raw.params)
  if (params?.error) return wrong('params', params.error)
  const query = endpoint.query?.safeParse(raw.query)
  if (query?.error) return wrong('query', query.error)
  const headers = endpoint.headers?.safeParse(raw.headers)
  if (headers?.error) return wrong('header', headers.error)
  const parts = { params: params?.data, query: query?.data, headers: headers?.data }
  const mediaType = raw.headers['content-type']
  if (endpoint.bodyStream && !isAccepted(mediaType, dialect))
    return unsupportedMediaType({ field: 'header content-type' })
  if (!endpoint.body) return { ...parts, body: undefined }

  if (raw.body.length > 0 && !isAccepted(mediaType, dialect))
    return unsupportedMediaType({ field: 'header content-type' })
  if (raw.body.length === 0 && dialect.emptyBody === 'undefined') {
    const none = endpoint.body.safeParse(undefined)
    return none.success ? { ...parts, body: none.data } : invalidInput({ field: 'body', problem: 'empty' })
  }
  const json = parseJson(raw.body)
  if (json === undefined) return invalidInput({ field: 'body', problem: 'malformed' })
  const body = endpoint.body.safeParse(json)
  if (body.error) return wrong('body', body.error)
  return { ...parts, body: body.data }
}

function isAccepted(contentType: string | undefined, { accepts }: Dialect): boolean {
  const [mediaType = '', ...parameters] = (contentType ?? '').toLowerCase().split(';')
  if (!accepts.includes(mediaType.trim())) return false
  return parameters.every((one) => !one.trim().startsWith('charset=') || /^charset="?utf-8"?$/.test(one.trim()))
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** The parser's own error quotes the text, so it is dropped here. */
function parseJson(body: Uint8Array): unknown {
  if (body.length === 0) return {}
  try {
    return JSON.parse(utf8.decode(body)) as unknown
  } catch {
    return undefined
  }
}

/** `filter[email]` and `page[number]` too, as JSON:API calls parameters. */
const plainName = /^[a-z][\w-]{0,40}(\[[a-z][\w-]{0,40}\])?$/i
const ISSUES_TOLD = 20

/** Keys of a record are the caller's own: they are told only where they cannot be a value. */
const nameOf = (step: PropertyKey): string | number =>
  typeof step === 'number' || plainName.test(String(step)) ? (typeof step === 'number' ? step : String(step)) : '*'

function wrong(where: string, error: z.ZodError): Refusal {
  const issues = error.issues
    .slice(0, ISSUES_TOLD)
    .map(({ path, code, message }) => ({ path: path.map(nameOf), code, message }))
  return invalidInput({ field: [where, ...(issues[0]?.path ?? [])].join(' '), issues })
}
