import { STATUS_CODES } from 'node:http'
import { z } from 'zod'
import type { Dialect } from './dialect.ts'
import { FieldMeta } from './json-api.ts'
import { type AnyRefusalKind, invalidInput, type Refusal, unknownRoute } from './refusal.ts'

const mediaType = 'application/vnd.api+json'

const said = {
  empty: 'Request body was expected',
  malformed: 'Your request was invalid in some way',
  unknownRoute: 'Unknown path',
} as const

/**
 * JSON:API 1.1, in TokenD's words: `{"errors": [{ title, status, detail?, code?, meta? }]}`, of which `title` is HTTP's
 * reason phrase and the rest a refusal's details of these names. Invalid input is one error for each field. No address
 * is repeated: a path may hold what its owner alone should know.
 */
export const jsonApiDialect: Dialect = {
  accepts: [mediaType, 'application/json'],
  contentType: mediaType,
  emptyBody: 'undefined',
  render(refusal) {
    const { status } = refusal
    const heading = { title: titleOf(status), status: String(status) }
    return { status, body: { errors: tell(refusal).map((one) => ({ ...heading, ...one })) } }
  },
  describe(kind) {
    const { status } = kind
    const error = z.object({
      title: z.literal(titleOf(status)),
      status: z.literal(String(status)),
      ...shapeOf(kind),
    })
    return { status, body: z.object({ errors: z.array(error).min(1) }) }
  },
}

const titleOf = (status: number): string => STATUS_CODES[status] ?? 'Error'

interface Told {
  readonly code?: unknown
  readonly detail?: unknown
  readonly meta?: unknown
}

function tell({ kind, details }: Refusal): readonly Told[] {
  if (kind === unknownRoute.kind) return [{ detail: said.unknownRoute }]
  if (kind === invalidInput.kind) return tellFields(invalidInput.details.parse(details))
  const { code, detail, meta } = details
  return [
    {
      ...(detail !== undefined && { detail }),
      ...(code !== undefined && { code }),
      ...(meta !== undefined && { meta }),
    },
  ]
}

type Invalid = z.output<typeof invalidInput.details>
type Issue = NonNullable<Invalid['issues']>[number]

function tellFields({ field, problem, issues = [] }: Invalid): readonly Told[] {
  if (issues.length === 0) return [{ detail: problem === 'empty' ? said.empty : said.malformed }]
  const inBody = field.split(' ')[0] === 'body'
  const errors = new Map<string, string>()
  for (const issue of issues) {
    const name = inBody ? issue.path.map((step) => `/${String(step)}`).join('') : issue.path.join('/')
    if (!errors.has(name)) errors.set(name, wordsOf(issue))
  }
  return [...errors].map(([name, error]) => ({ meta: { field: name, error } }))
}

/** Names that a caller made up may be values. */
const wordsOf = ({ code, message }: Issue): string =>
  code === 'unrecognized_keys' ? 'Invalid input: members that are not known here' : message

function shapeOf({ kind, details: { shape } }: AnyRefusalKind): z.ZodRawShape {
  if (kind === unknownRoute.kind) return { detail: z.literal(said.unknownRoute) }
  if (kind === invalidInput.kind)
    return { detail: z.enum([said.empty, said.malformed]).optional(), meta: FieldMeta.optional() }
  const { code, detail, meta } = shape
  return { ...(detail && { detail }), ...(code && { code }), ...(meta && { meta }) }
}
