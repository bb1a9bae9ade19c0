export { memoryPinLatch } from './memory-pin-latch.ts'
export { type Fault, injectFaults, type Method, type ModuleFaults } from './module-faults.ts'
export { type IvHabit, shimFaults, type ShimFaults } from './shim-faults.ts'
export { softToken, type SoftToken, type SoftTokenRequest } from './soft-token.ts'
