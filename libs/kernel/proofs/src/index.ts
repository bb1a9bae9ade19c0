export * from './contract.ts'
export { type ApplicationKeyDeps, proveApplicationKey } from './prove-application-key.ts'
export { proveBasicPin } from './prove-basic-pin.ts'
