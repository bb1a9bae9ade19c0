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
  /** None where the proof travels in declared fields of the body or the query. */
  readonly scheme?: SecurityScheme
  /**
   * The slice of the request that it reads: a header or any of several, in lower case, or a field of the body, or of the
   * query where there is no body.
   */
  readonly reads: { readonly header: string | readonly string[] } | { readonly field: string }
  readonly refusals: readonly AnyRefusalKind[]
  /** Never set: carries the type of what the proof yields to a handler. */
  readonly yields?: Value
}

export type ProofValue<P> = P extends ProofLike<infer Value> ? Value : undefined

/** All of several proofs, judged in this order. */
export interface AllOf<Value = unknown> {
  readonly parts: Readonly<Record<string, ProofLike>>
  readonly yields?: Value
}

/** A proof that a request may leave out. */
export interface Optional<Value = unknown> {
  readonly optional: Proof
  readonly yields?: Value
}

/** What an endpoint may declare as its proof. */
export type ProofLike<Value = unknown> = Proof<Value> | AllOf<Value> | Optional<Value>

/** A handler is given what each part yields, by its name: `proof.login`, `proof.did`. */
export const allOf = <const Parts extends Readonly<Record<string, ProofLike>>>(
  parts: Parts,
): AllOf<{ readonly [K in keyof Parts]: ProofValue<Parts[K]> }> => ({ parts })

/** Yields `undefined` where the request does not carry the proof; what is carried is judged. */
export const optional = <Value>(proof: Proof<Value>): Optional<Value | undefined> => ({ optional: proof })

export interface Leaf {
  readonly proof: Proof
  readonly required: boolean
}

/** The proofs that something declared is made of. */
export function leavesOf(declared: ProofLike | undefined): readonly Leaf[] {
  if (!declared) return []
  if ('parts' in declared) return Object.values(declared.parts).flatMap(leavesOf)
  return 'optional' in declared
    ? [{ proof: declared.optional, required: false }]
    : [{ proof: declared, required: true }]
}
