export * from './keys/contract.ts'
