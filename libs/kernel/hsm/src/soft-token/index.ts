export { backupSoftToken } from './backup-soft-token.ts'
export { healSoftToken } from './heal-soft-token.ts'
export { initSoftToken, type SoftTokenOptions } from './init-soft-token.ts'
