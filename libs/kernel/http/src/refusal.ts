import { z } from 'zod'

/** An expected refusal: part of the API, so it is returned. Only bugs and outages are thrown. */
export class Refusal<Name extends string = string> {
  readonly kind: Name
  readonly status: number
  readonly title: string
  readonly details: Readonly<Record<string, unknown>>

  constructor(of: { kind: Name; status: number; title: string }, details: Readonly<Record<string, unknown>>) {
    this.kind = of.kind
    this.status = of.status
    this.title = of.title
    this.details = details
  }
}

/** A kind of refusal, declared beside the rule that refuses. Calling it makes one. */
export interface RefusalKind<Kind extends string = string, Details extends z.ZodRawShape = z.ZodRawShape> {
  (...details: keyof Details extends never ? [] : [z.output<z.ZodObject<Details>>]): Refusal<Kind>
  readonly kind: Kind
  readonly status: number
  readonly title: string
  readonly details: z.ZodObject<Details>
}

/** A kind of refusal, whatever its name and details are. */
export interface AnyRefusalKind {
  (...details: never[]): Refusal
  readonly kind: string
  readonly status: number
  readonly title: string
  readonly details: z.ZodObject
}

export type RefusalOf<Kind> = Kind extends { readonly kind: infer Name extends string } ? Refusal<Name> : never

/** Declares a kind of refusal: a kebab-case name, an HTTP status, a sentence, and the shape of what else it tells. */
export function refusal<
  const Kind extends string,
  Details extends z.ZodRawShape = Readonly<Record<never, z.ZodType>>,
>(declared: { kind: Kind; status: number; title: string; details?: Details }): RefusalKind<Kind, Details> {
  const { kind, status, title } = declared
  const make = (details: object = {}) => new Refusal({ kind, status, title }, { ...details })
  const facts = { kind, status, title, details: z.object(declared.details ?? {}) }
  return Object.assign(make, facts) as unknown as RefusalKind<Kind, Details>
}

// What every endpoint may answer without declaring it; a dialect says how each looks.
export const invalidInput = refusal({
  kind: 'invalid-input',
  status: 400,
  title: 'The request does not have the declared shape.',
  details: {
    field: z.string(),
    /** The body was no JSON, so that no shape could judge it. */
    problem: z.enum(['empty', 'malformed']).optional(),
    /** What was wrong with each field, for dialects that tell it: never a value. */
    issues: z
      .array(z.object({ path: z.array(z.union([z.string(), z.number()])), code: z.string(), message: z.string() }))
      .optional(),
  },
})
export const unsupportedMediaType = refusal({
  kind: 'unsupported-media-type',
  status: 415,
  title: 'The request body has a media type that is not accepted here.',
  details: { field: z.string() },
})
export const bodyTooLarge = refusal({ kind: 'body-too-large', status: 413, title: 'The request body is too large.' })
export const unknownRoute = refusal({ kind: 'unknown-route', status: 404, title: 'There is nothing at this address.' })
export const wrongMethod = refusal({
  kind: 'wrong-method',
  status: 405,
  title: 'This address is asked with another method.',
})
export const unavailable = refusal({
  kind: 'unavailable',
  status: 503,
  title: 'Temporarily unavailable, try again later.',
})
export const crashed = refusal({
  kind: 'crashed',
  status: 500,
  title: 'An error on our side.',
  details: { id: z.string() },
})
