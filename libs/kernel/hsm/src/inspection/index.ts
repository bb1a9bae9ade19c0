export type { TokenMaker } from '../conformance/judge-plan.ts'
export { type InspectedToken, inspectToken, type TokenToInspect } from './inspect-token.ts'
export {
  type Inspection,
  type KeyLook,
  type JobProof,
  type Latency,
  type Proofs,
  type Step,
  type Stop,
  type TokenLook,
} from './inspection.ts'
export type { ModuleFault } from './module-fault.ts'
export { type EnvelopeProver, type EnvelopeVerdict, openProver } from './envelope-prover.ts'
export { benchToken, type Benched, type TokenToBench } from './bench-token.ts'
export type { Rate } from './bench-plan.ts'
