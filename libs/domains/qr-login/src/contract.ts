export * from './devices/contract.ts'
export * from './sessions/contract.ts'
