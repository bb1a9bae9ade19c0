import type { z } from 'zod'
import type { ProofLike } from './proof.ts'
import type { AnyRefusalKind } from './refusal.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** An endpoint, whatever its shapes are. */
export interface AnyEndpoint {
  readonly method: Method
  readonly path: `/${string}`
  readonly summary: string
  /** `operationId` in documents; some APIs name it in their answers: `keys.getAuthShare`. */
  readonly name?: string
  readonly proof?: ProofLike
  readonly params?: z.ZodObject
  readonly query?: z.ZodObject
  /** Named in lower case. */
  readonly headers?: z.ZodObject
  readonly body?: z.ZodType
  /** Bytes of body that are read at most; 16 KiB unless said. */
  readonly bodyLimit?: number
  /** The handler reads the body itself, as `request.stream`: for JSON that is too large to be held. No proof may read it. */
  readonly bodyStream?: true
  readonly reply: Readonly<Record<number, z.ZodType>>
  readonly refusals: readonly AnyRefusalKind[]
}

/**
 * One endpoint as one value: what the wire says, with no I/O behind it. The router, the validator, OpenAPI and the
 * typed client all read it. Paths are `@koa/router`'s: `/v2/key/:keyId`.
 */
export const endpoint = <const E extends AnyEndpoint>(declared: E): E => declared
