export { type AnyEndpoint, endpoint, type Method } from './endpoint.ts'
export type { Proof, ProofValue } from './proof.ts'
export {
  type AnyRefusalKind,
  bodyTooLarge,
  crashed,
  invalidInput,
  Refusal,
  refusal,
  type RefusalKind,
  type RefusalOf,
  unavailable,
  unknownRoute,
} from './refusal.ts'
