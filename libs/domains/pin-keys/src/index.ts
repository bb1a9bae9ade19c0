import type { KeyNeed } from '@strongroom/hsm'
import { readMigrations } from '@strongroom/storage'
import { keyHandlers } from './keys/api.ts'

export * from './contract.ts'
export { photon } from './dialect.ts'
export type { KeyDeps } from './keys/api.ts'
export { pinBudget } from './keys/rules.ts'

export const handlers = [...keyHandlers]

export const pinKeyMigrations = readMigrations('pin_keys', new URL('../migrations/', import.meta.url), {
  keys: ['select', 'insert', 'update', 'delete'],
})

/** What this domain asks of a token. */
export const keyNeeds: readonly KeyNeed[] = [
  { job: 'seal', use: '' },
  { job: 'mac', use: 'lock' },
]
