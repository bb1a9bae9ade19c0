export { CODE_USE, type CodeDeps, drawCode, guessCode, requestCode, type Requested } from './codes.ts'
export type { CodePolicy } from './policy.ts'
export { codeMigrations, type CodeWish, dropCodes, sweepCodes, useCode } from './store.ts'
