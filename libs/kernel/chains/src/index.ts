export * from './chain.ts'
export * from './chain-unavailable.ts'
