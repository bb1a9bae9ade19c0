import type { AnyRefusalKind } from './refusal.ts'

/** An OpenAPI security scheme object. */
export type SecurityScheme =
  | { readonly type: 'http'; readonly scheme: 'basic' | 'bearer'; readonly description: string }
  | { readonly type: 'apiKey'; readonly in: 'header'; readonly name: string; readonly description: string }

/**
 * How a caller proves who it is, as a contract declares it: isomorphic, with nothing behind it. The server mounts a
 * `Prover` for it.
 */
export interface Proof<Value = unknown> {
  readonly name: string
  readonly scheme: SecurityScheme
  readonly refusals: readonly AnyRefusalKind[]
  /** Never set: carries the type of what the proof yields to a handler. */
  readonly yields?: Value
}

export type ProofValue<P> = P extends Proof<infer Value> ? Value : undefined
