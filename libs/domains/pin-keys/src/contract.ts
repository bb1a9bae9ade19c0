export * from './keys/contract.ts'
export * from './pins/contract.ts'
export * from './resets/contract.ts'
export * from './users/contract.ts'
