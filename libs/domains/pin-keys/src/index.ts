import { CODE_USE } from '@strongroom/codes'
import type { KeyNeed } from '@strongroom/hsm'
import { readMigrations } from '@strongroom/storage'
import { LOCK_USE } from '@strongroom/time-locks'
import { keyHandlers } from './keys/api.ts'
import { sealedKeys } from './keys/sealed-keys.ts'
import { cancel as cancelReset } from './resets/cancel-reset.ts'
import { resetCompleter } from './resets/complete-reset.ts'
import { reset } from './resets/reset-pin.ts'
import { verify } from './resets/verify-user.ts'
import { create } from './users/create-user.ts'
import { codeSender, noticeDeliverer } from './users/deliver.ts'
import { RECIPIENT_USE, USER_ID_USE } from './users/identify.ts'
import { remove } from './users/remove-user.ts'
import { indexedUsers } from './users/indexed-users.ts'
import { sealedContacts } from './users/sealed-contacts.ts'
import { sealedCopies } from './users/sealed-copies.ts'

export * from './contract.ts'
export { photon } from './dialect.ts'
export type { KeyDeps } from './keys/api.ts'
export { type Policies, usualPolicies } from './policies.ts'
export type { CompletionDeps } from './resets/complete-reset.ts'
export { type PageDeps, pageHandlers, pages } from './resets/pages.ts'
export { type SweepDeps, sweeps } from './resets/sweeps.ts'
export type { UserDeps } from './users/create-user.ts'
export type { DeliveryDeps } from './users/deliver.ts'
export type { Caps } from './users/identify.ts'

/** In the order of the contract. */
export const handlers = [...keyHandlers, create, verify, reset, remove, cancelReset]

/** What the worker does. */
export const jobs = [codeSender, noticeDeliverer, resetCompleter]

export const pinKeyMigrations = readMigrations('pin_keys', new URL('../migrations/', import.meta.url), {
  keys: ['select', 'insert', 'update', 'delete'],
  users: ['select', 'insert', 'update', 'delete'],
  recovery_copies: ['select', 'insert', 'update', 'delete'],
  deliveries: ['select', 'insert', 'update', 'delete'],
  completions: ['select', 'insert', 'update', 'delete'],
  confirmations: ['select', 'insert', 'update', 'delete'],
})

/** Of pending completions nobody waits longer than a minute. */
export const sealedColumns = [sealedKeys, sealedContacts, sealedCopies]

/** MACs over what is sealed. */
export const macColumns = [indexedUsers]

/** What this domain asks of a token. */
export const keyNeeds: readonly KeyNeed[] = [
  { job: 'seal', use: '' },
  { job: 'mac', use: 'lock', rotates: 'verify-only' },
  { job: 'mac', use: USER_ID_USE, rotates: 'rebuilt' },
  { job: 'mac', use: RECIPIENT_USE, rotates: 'passing' },
  { job: 'mac', use: CODE_USE, rotates: 'passing' },
  { job: 'mac', use: LOCK_USE, rotates: 'fixed' },
]
