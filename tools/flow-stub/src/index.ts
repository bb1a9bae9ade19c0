export type { Outcome } from './chain.ts'
export { type FailureMode, type FlowStub, type FlowStubOptions, type Mishap, startFlowStub } from './start-flow-stub.ts'
