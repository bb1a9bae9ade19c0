import type { IncomingHttpHeaders } from 'node:http'
import type { Proof } from './proof.ts'
import type { Refusal } from './refusal.ts'

/** A request as it came over the wire, for proofs that sign it. */
export interface RawRequest {
  readonly method: string
  /** The target exactly as sent: path and query, nothing decoded. */
  readonly target: string
  readonly headers: IncomingHttpHeaders
  /** Names and values alternating, in the order and the case sent; repeated headers stay apart. */
  readonly rawHeaders: readonly string[]
  readonly body: Uint8Array
}

/** What provers are given: the raw request, its input as the endpoint's shapes parsed it, and where it came from. */
export interface ProofRequest extends RawRequest {
  readonly input: { readonly params: unknown; readonly query: unknown; readonly body: unknown }
  /** What a handler is given as `ip`, for a proof that holds for one source alone. */
  readonly ip: string
}

/** The server's half of a proof. Answers with what the proof yields, or with one of its refusals or `invalidInput`. */
export interface Prover<in Deps = unknown> {
  readonly proof: Proof
  prove(request: ProofRequest, deps: Deps): unknown
}

/** Ties a prover to the proof that it proves, and its answer to what the proof yields. */
export const prover =
  <Deps = unknown>() =>
  <Value>(
    proof: Proof<Value>,
    prove: (request: ProofRequest, deps: Deps) => Promise<Value | Refusal> | Value | Refusal,
  ): Prover<Deps> => ({
    proof,
    prove,
  })
