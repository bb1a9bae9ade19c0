export * from './contract.ts'
export type { Dialect } from './dialect.ts'
export {
  type AnswerOf,
  type Handler,
  implement,
  Reply,
  reply,
  type RequestOf,
  streamed,
  StreamedReply,
} from './handler.ts'
export { jsonApiDialect } from './json-api-dialect.ts'
export { type Limit, type Limiter, limiter } from './limiter.ts'
export { listener, type ListenerOptions, type Told } from './listener.ts'
export { mount, type Mount } from './mount.ts'
export { describeApi, type Described, type OpenApiDocument } from './openapi.ts'
export { isOutage, type Outage } from './outage.ts'
export { problems } from './problem-dialect.ts'
export { type ProofRequest, type Prover, prover, type RawRequest } from './prover.ts'
export { referencePage } from './reference-page.ts'
export { securityHeaders } from './security-headers.ts'
export { StreamRefused } from './stream.ts'
