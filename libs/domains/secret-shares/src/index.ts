import { CODE_USE } from '@strongroom/codes'
import type { KeyNeed } from '@strongroom/hsm'
import { CHALLENGE_USE } from '@strongroom/proofs'
import { readMigrations } from '@strongroom/storage'
import { LOCK_USE } from '@strongroom/time-locks'
import { noticeDeliverer } from './accounts/deliver.ts'
import { CONTACT_USE, LOGIN_USE, RECIPIENT_USE } from './accounts/names.ts'
import { sealedContacts } from './accounts/sealed-contacts.ts'
import { sealedRecoveryEmails } from './accounts/sealed-recovery-emails.ts'
import { backUp } from './contacts/email-backup.ts'
import { send, verify } from './contacts/login-codes.ts'
import { upgrade } from './contacts/upgrade.ts'
import { challenge, health } from './holds/challenges.ts'
import { remove } from './holds/delete.ts'
import { restore } from './holds/restore.ts'
import { cancelStart, start } from './holds/start-over.ts'
import { addEmail } from './recovery/add-email.ts'
import { addMethod } from './recovery/add-method.ts'
import { getEmail } from './recovery/get-email.ts'
import { getShare } from './recovery/get-share.ts'
import { sealedMethods } from './recovery/sealed-methods.ts'
import { verifyEmail } from './recovery/verify-email.ts'
import { get } from './shares/get-auth-share.ts'
import { migrate } from './shares/migrate.ts'
import { put } from './shares/put-auth-share.ts'
import { sealedShares } from './shares/sealed-shares.ts'

export type { DeliveryDeps } from './accounts/deliver.ts'
export { findDid, holdDid } from './accounts/find-did.ts'
export type { UpgradeDeps } from './contacts/finish-upgrade.ts'
export type { ContactDeps } from './contacts/login-codes.ts'
export type { LoginProvider, LoginProviders } from './contacts/login-provider.ts'
export * from './contract.ts'
export { lca } from './dialect.ts'
export { type ChallengeDeps, DID_CHALLENGE } from './holds/challenges.ts'
export { type Policies, usualPolicies } from './policies.ts'
export type { RecoveryDeps } from './recovery/get-share.ts'
export type { Brands } from './recovery/mail-code.ts'
export type { SweepDeps } from './sweeps.ts'
export { sweeps } from './sweeps.ts'

/** In the order of the contract. */
export const handlers = [
  get,
  put,
  addMethod,
  getShare,
  addEmail,
  verifyEmail,
  getEmail,
  backUp,
  upgrade,
  migrate,
  remove,
  restore,
  start,
  cancelStart,
  send,
  verify,
  health,
]

/** Whoever asks for a challenge cannot have one yet: to be mounted with provers that demand none. */
export const challengeHandlers = [challenge]

/** What the worker does. */
export const jobs = [noticeDeliverer]

const rows = ['select', 'insert', 'update', 'delete'] as const

export const secretShareMigrations = readMigrations('secret_shares', new URL('../migrations/', import.meta.url), {
  accounts: rows,
  logins: ['select', 'insert', 'delete'],
  shares: rows,
  recovery_methods: rows,
  pending_emails: rows,
  held: ['select', 'insert', 'delete'],
  upgrades: rows,
  notices: rows,
})

/** What lasts. Copies that are held for a week, and what waits for a code, are sealed by whichever tokens were there. */
export const sealedColumns = [sealedContacts, sealedRecoveryEmails, sealedShares, sealedMethods]

/** What this domain asks of a token. */
export const keyNeeds: readonly KeyNeed[] = [
  { job: 'seal', use: '' },
  { job: 'mac', use: CONTACT_USE, rotates: 'fixed' },
  { job: 'mac', use: LOGIN_USE, rotates: 'fixed' },
  { job: 'mac', use: RECIPIENT_USE, rotates: 'fixed' },
  { job: 'mac', use: CHALLENGE_USE, rotates: 'passing' },
  { job: 'mac', use: CODE_USE, rotates: 'passing' },
  { job: 'mac', use: LOCK_USE, rotates: 'fixed' },
]
