export { type AnyEndpoint, endpoint, type Method } from './endpoint.ts'
export * as jsonApi from './json-api.ts'
export {
  allOf,
  type AllOf,
  type Leaf,
  leavesOf,
  optional,
  type Optional,
  type Proof,
  type ProofLike,
  type ProofValue,
} from './proof.ts'
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
  unsupportedMediaType,
  wrongMethod,
} from './refusal.ts'
