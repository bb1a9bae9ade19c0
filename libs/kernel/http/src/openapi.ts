import { z } from 'zod'
import { createDocument, type ZodOpenApiComponentsObject, type ZodOpenApiPathsObject } from 'zod-openapi'
import type { Dialect } from './dialect.ts'
import type { AnyEndpoint } from './endpoint.ts'
import { type AnyRefusalKind, crashed, invalidInput, unavailable } from './refusal.ts'

export type OpenApiDocument = ReturnType<typeof createDocument>

export interface Described {
  readonly title: string
  readonly version: string
  readonly description: string
  readonly dialect: Dialect
  readonly endpoints: readonly AnyEndpoint[]
}

/** OpenAPI 3.1 from the very values that the router reads. */
export function describeApi({ title, version, description, dialect, endpoints }: Described): OpenApiDocument {
  const paths: ZodOpenApiPathsObject = {}
  const schemes: NonNullable<ZodOpenApiComponentsObject['securitySchemes']> = {}
  for (const one of endpoints) {
    if (one.proof) schemes[one.proof.name] = one.proof.scheme
    const path = one.path.replaceAll(/:(\w+)/g, '{$1}')
    paths[path] = { ...paths[path], [one.method.toLowerCase()]: operation(one, dialect) }
  }
  return createDocument({
    openapi: '3.1.0',
    info: { title, version, description, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    paths,
    components: { securitySchemes: schemes },
  })
}

function operation(endpoint: AnyEndpoint, dialect: Dialect) {
  const { params, query, body, proof } = endpoint
  const [requestType] = dialect.accepts as [string, ...string[]]
  return {
    summary: endpoint.summary,
    requestParams: { ...(params && { path: params }), ...(query && { query }) },
    ...(body && { requestBody: { required: true, content: { [requestType]: { schema: body } } } }),
    ...(proof && { security: [{ [proof.name]: [] }] }),
    responses: { ...replies(endpoint, dialect), ...refusals(endpoint, dialect) },
  }
}

function replies({ reply }: AnyEndpoint, { contentType }: Dialect) {
  return Object.fromEntries(
    Object.entries(reply).map(([status, schema]) => [
      status,
      { description: 'Done.', content: { [contentType]: { schema } } },
    ]),
  )
}

function refusals(endpoint: AnyEndpoint, dialect: Dialect) {
  const { params, query, body, proof } = endpoint
  const implied = [...(params || query || body || proof ? [invalidInput] : []), unavailable, crashed]
  const kinds: AnyRefusalKind[] = [...implied, ...(proof?.refusals ?? []), ...endpoint.refusals]
  const byStatus = Map.groupBy(new Set(kinds), (kind) => dialect.describe(kind, endpoint).status)
  return Object.fromEntries(
    [...byStatus].map(([status, alike]) => {
      const shapes = alike.map((kind) => dialect.describe(kind, endpoint).body)
      const schema = shapes.length === 1 ? shapes[0] : z.union(shapes)
      const description = alike.map((kind) => `${kind.kind}: ${kind.title}`).join(' ')
      return [status, { description, content: { [dialect.contentType]: { schema } } }]
    }),
  )
}
