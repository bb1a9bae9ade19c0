import type { z } from 'zod'
import type { AnyEndpoint } from './endpoint.ts'
import type { ProofValue } from './proof.ts'
import type { Refusal, RefusalOf } from './refusal.ts'

/** An answer of a declared status; the body is cut to the declared shape before it leaves. */
export class Reply<Status extends number = number, Body = unknown> {
  readonly status: Status
  readonly body: Body

  constructor(status: Status, body: Body) {
    this.status = status
    this.body = body
  }
}

export const reply = <const Status extends number, Body>(status: Status, body: Body): Reply<Status, Body> =>
  new Reply(status, body)

type Parsed<E, Part extends string> = E extends { readonly [K in Part]: infer Schema extends z.ZodType }
  ? z.output<Schema>
  : undefined

/** An answer that is sent while it is made: chunks of JSON that no shape cuts. What fails in the middle breaks the connection. */
export class StreamedReply<Status extends number = number> extends Reply<Status, AsyncIterable<string>> {}

export const streamed = <const Status extends number>(
  status: Status,
  chunks: AsyncIterable<string>,
): StreamedReply<Status> => new StreamedReply(status, chunks)

/** What a handler is given: parsed input, what the proof yielded, and who asks. */
export interface RequestOf<E extends AnyEndpoint> {
  readonly params: Parsed<E, 'params'>
  readonly query: Parsed<E, 'query'>
  readonly headers: Parsed<E, 'headers'>
  readonly body: Parsed<E, 'body'>
  readonly stream: E extends { readonly bodyStream: true } ? AsyncIterable<Uint8Array> : undefined
  readonly proof: E extends { readonly proof: infer P } ? ProofValue<P> : undefined
  /** Whom to limit: the peer's address, or the one that trusted proxies report; of IPv6 the network of 64 bits. */
  readonly ip: string
  readonly id: string
}

/** A declared reply or a declared refusal; anything else does not compile. */
export type AnswerOf<E extends AnyEndpoint> =
  | { [Status in keyof E['reply'] & number]: Reply<Status, z.input<E['reply'][Status]>> }[keyof E['reply'] & number]
  | StreamedReply<keyof E['reply'] & number>
  | RefusalOf<E['refusals'][number]>

export interface Handler<in Deps> {
  readonly endpoint: AnyEndpoint
  handle(request: never, deps: Deps): Promise<Reply | Refusal>
}

/** Implements an endpoint of a contract: `implement<Deps>()(openKey, async ({ params, proof }, { database }) => ...)`. */
export const implement =
  <Deps>() =>
  <E extends AnyEndpoint>(
    endpoint: E,
    handle: (request: RequestOf<E>, deps: Deps) => Promise<AnswerOf<E>>,
  ): Handler<Deps> => ({ endpoint, handle })
