import type { z } from 'zod'
import type { AnyEndpoint } from './endpoint.ts'
import type { AnyRefusalKind, Refusal } from './refusal.ts'

/**
 * How an API speaks: what requests and answers are called, and how a refusal looks. Owned by the domain that needs it
 * and chosen per mount. Invalid input, unknown routes, outages and crashes are refusals too (see `refusal.ts`).
 */
export interface Dialect {
  /** Media types that a request body may have. */
  readonly accepts: readonly string[]
  /** What an empty body is to the shapes: `{}`, or `undefined`, which a shape refuses unless it is optional. */
  readonly emptyBody?: 'undefined'
  /** `Content-Type` of every answer that has a body. */
  readonly contentType: string
  /** How a body becomes text; JSON unless said. */
  encode?(body: unknown): string
  /** `endpoint` is `undefined` for an unknown route. */
  render(
    refusal: Refusal,
    endpoint: AnyEndpoint | undefined,
  ): { status: number; body: unknown; headers?: Readonly<Record<string, string>> }
  /** Whether a known path asked with another method is told apart (405); else it is an unknown route. */
  readonly wrongMethods?: 'told'
  /** The same for OpenAPI: the status and the shape of the body. */
  describe(kind: AnyRefusalKind, endpoint: AnyEndpoint): { status: number; body: z.ZodType }
}
