import type { IncomingMessage } from 'node:http'
import { getRawBody } from 'raw-body'
import type { z } from 'zod'
import type { Dialect } from './dialect.ts'
import type { AnyEndpoint } from './endpoint.ts'
import { bodyTooLarge, invalidInput, type Refusal } from './refusal.ts'

const KIBIBYTE = 1024
const DEFAULT_BODY_LIMIT = 16 * KIBIBYTE
const nothing = new Uint8Array()

/** Reads the body of an endpoint that has one, up to its limit. Bodies that nobody asked for are not read. */
export async function readBody(request: IncomingMessage, endpoint: AnyEndpoint): Promise<Uint8Array | Refusal> {
  if (!endpoint.body) return nothing
  try {
    const length = request.headers['content-length'] ?? null
    return await getRawBody(request, { limit: endpoint.bodyLimit ?? DEFAULT_BODY_LIMIT, length })
  } catch (error) {
    const type = error instanceof Error && 'type' in error ? error.type : undefined
    return type === 'entity.too.large' ? bodyTooLarge() : invalidInput({ field: 'body' })
  }
}

export interface Input {
  readonly params: unknown
  readonly query: unknown
  readonly body: unknown
}

/** Judges params, query and body by the endpoint's shapes. A refusal names the field, never its value. */
export function parseInput(
  endpoint: AnyEndpoint,
  raw: { params: unknown; query: unknown; body: Uint8Array; contentType: string | undefined },
  dialect: Dialect,
): Input | Refusal {
  const params = endpoint.params?.safeParse(raw.params)
  if (params?.error) return wrong('params', params.error)
  const query = endpoint.query?.safeParse(raw.query)
  if (query?.error) return wrong('query', query.error)
  if (!endpoint.body) return { params: params?.data, query: query?.data, body: undefined }

  if (raw.body.length > 0 && !isAccepted(raw.contentType, dialect))
    return invalidInput({ field: 'header content-type' })
  const json = parseJson(raw.body)
  if (json === undefined) return invalidInput({ field: 'body' })
  const body = endpoint.body.safeParse(json)
  if (body.error) return wrong('body', body.error)
  return { params: params?.data, query: query?.data, body: body.data }
}

function isAccepted(contentType: string | undefined, { accepts }: Dialect): boolean {
  const [mediaType = '', ...parameters] = (contentType ?? '').toLowerCase().split(';')
  if (!accepts.includes(mediaType.trim())) return false
  return parameters.every((one) => !one.trim().startsWith('charset=') || /^charset="?utf-8"?$/.test(one.trim()))
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** An empty body is an empty object. The parser's own error quotes the text, so it is dropped here. */
function parseJson(body: Uint8Array): unknown {
  if (body.length === 0) return {}
  try {
    return JSON.parse(utf8.decode(body)) as unknown
  } catch {
    return undefined
  }
}

const plainName = /^[a-z][\w-]{0,40}$/i

function wrong(where: string, error: z.ZodError): Refusal {
  const path = error.issues[0]?.path ?? []
  const names = path.map((step) => (typeof step === 'number' || plainName.test(String(step)) ? String(step) : '*'))
  return invalidInput({ field: [where, ...names].join(' ') })
}
