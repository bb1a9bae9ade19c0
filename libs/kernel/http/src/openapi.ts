import { z } from 'zod'
import { createDocument, type ZodOpenApiComponentsObject, type ZodOpenApiPathsObject } from 'zod-openapi'
import type { Dialect } from './dialect.ts'
import type { AnyEndpoint } from './endpoint.ts'
import { leavesOf } from './proof.ts'
import { type AnyRefusalKind, crashed, invalidInput, unavailable, unsupportedMediaType } from './refusal.ts'

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
    for (const { proof } of leavesOf(one.proof)) if (proof.scheme) schemes[proof.name] = proof.scheme
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
  const { params, query, headers, body } = endpoint
  const security = securityOf(endpoint)
  const [requestType] = dialect.accepts as [string, ...string[]]
  return {
    summary: endpoint.summary,
    ...(endpoint.name && { operationId: endpoint.name }),
    requestParams: { ...(params && { path: params }), ...(query && { query }), ...(headers && { header: headers }) },
    ...(body && { requestBody: { required: !body.isOptional(), content: { [requestType]: { schema: body } } } }),
    ...(security && { security }),
    responses: { ...replies(endpoint, dialect), ...refusals(endpoint, dialect) },
  }
}

/** One requirement with all of the proofs and, where some may be left out, one without them. */
function securityOf({ proof }: AnyEndpoint) {
  const leaves = leavesOf(proof).filter((leaf) => leaf.proof.scheme)
  if (leaves.length === 0) return undefined
  const requirement = (some: typeof leaves) => Object.fromEntries(some.map((leaf) => [leaf.proof.name, []]))
  const required = leaves.filter((leaf) => leaf.required)
  return required.length === leaves.length ? [requirement(leaves)] : [requirement(leaves), requirement(required)]
}

function replies({ reply }: AnyEndpoint, { contentType }: Dialect) {
  return Object.fromEntries(
    Object.entries(reply).map(([status, schema]) => [
      status,
      { description: 'Done.', ...(status !== '204' && { content: { [contentType]: { schema } } }) },
    ]),
  )
}

function refusals(endpoint: AnyEndpoint, dialect: Dialect) {
  const { params, query, headers, body, proof } = endpoint
  const implied = [
    ...(params || query || headers || body || proof ? [invalidInput] : []),
    ...(body ? [unsupportedMediaType] : []),
    unavailable,
    crashed,
  ]
  const proofs = leavesOf(proof).flatMap((leaf) => leaf.proof.refusals)
  const kinds: AnyRefusalKind[] = [...implied, ...proofs, ...endpoint.refusals]
  const byStatus = Map.groupBy(new Set(kinds), (kind) => dialect.describe(kind, endpoint).status)
  return Object.fromEntries(
    [...byStatus].map(([status, alike]) => {
      const shapes = distinct(alike.map((kind) => dialect.describe(kind, endpoint).body))
      const schema = shapes.length === 1 ? shapes[0] : z.union(shapes)
      const description = alike.map((kind) => `${kind.kind}: ${kind.title}`).join(' ')
      return [status, { description, content: { [dialect.contentType]: { schema } } }]
    }),
  )
}

/** Kinds that a dialect tells in the same words are one shape. */
const distinct = (shapes: readonly z.ZodType[]): readonly z.ZodType[] => [
  ...new Map(
    shapes.map((shape) => [JSON.stringify(z.toJSONSchema(shape, { unrepresentable: 'any' })), shape]),
  ).values(),
]
