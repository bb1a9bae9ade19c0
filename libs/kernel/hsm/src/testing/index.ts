export { memoryPinLatch } from './memory-pin-latch.ts'
export { type Fault, injectFaults, type ModuleFaults } from './module-faults.ts'
export { softToken, type SoftToken, type SoftTokenRequest } from './soft-token.ts'
