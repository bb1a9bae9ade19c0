import { CODE_USE } from '@strongroom/codes'
import type { KeyNeed } from '@strongroom/hsm'
import { readMigrations } from '@strongroom/storage'
import { create as createWallet } from './access/create-wallet.ts'
import { get as getWallet } from './access/get-wallet.ts'
import { resend } from './access/resend-verification.ts'
import { blobHandlers, blobKeyNeeds, blobTables } from './blobs/index.ts'
import { remove as removeFactor, update as updateFactor } from './factors/change-factor.ts'
import { create as createFactor } from './factors/create-factor.ts'
import { list as listFactors } from './factors/list-factors.ts'
import { documentHandlers, documentTables } from './documents/index.ts'
import { stepUpProvers } from './factors/prove-step-up.ts'
import { codeDeliverer } from './factors/send-code.ts'
import { verify as verifyFactor } from './factors/verify-factor.ts'
import { identityHandlers, identityTables } from './identities/index.ts'
import { inviteHandlers, inviteJobs, inviteTables } from './invites/index.ts'
import { info } from './ledger/get-info.ts'
import { keyValue } from './ledger/get-key-value.ts'
import { signers } from './ledger/get-signers.ts'
import { recoveryRequests } from './ledger/list-recovery-requests.ts'
import { ledgerKeyNeed } from './ledger/own-key.ts'
import { submit } from './ledger/submit-transaction.ts'
import { gatewayHandlers, multisigHandlers, multisigTables } from './multisig/index.ts'
import { get as getSession } from './sessions/get-session.ts'
import { settingHandlers, settingTables } from './settings/index.ts'
import { askForAddress } from './updates/change-address.ts'
import { restore } from './updates/restore-wallet.ts'
import { update as updateWallet } from './updates/update-wallet.ts'
import { verify as verifyWallet } from './updates/verify-wallet.ts'
import { remove as deleteWallet } from './wallets/delete-wallet.ts'
import { messageDeliverer } from './wallets/deliver.ts'
import { kdf, walletsKdf } from './wallets/get-kdf.ts'
import { CONTACT_USE, RECIPIENT_USE, STAMP_USE, VERIFICATION_USE, WALLET_USE } from './wallets/names.ts'

export * from './contract.ts'
export { localLedger } from './embedded-ledger.ts'
export { signTransaction, type TransactionSigner } from './ledger/cosign.ts'
export type { Transaction } from './ledger/envelope.ts'
export { ledgerDoors } from './ledger/horizon-doors.ts'
export { horizonLedger, type HorizonLedgerOptions } from './ledger/horizon-ledger.ts'
export { type Ledger, LedgerUnavailable } from './ledger/ledger.ts'
export type { LocalLedger } from './ledger/local-ledger.ts'
export { ownLedgerKey } from './ledger/own-key.ts'
export type { OperationBody, SignerData } from './ledger/operations.ts'
export {
  noObjectStore,
  objectDoors,
  type ObjectStore,
  s3ObjectStore,
  usualDocumentPolicies,
} from './documents/index.ts'
export { type Purpose, purposes } from './multisig/policies.ts'
export { makeSigner, signWith, type StoredSigner } from './multisig/store.ts'
export { operators } from './operators.ts'
export { type Policies, usualPolicies } from './policies.ts'
export { sealedColumns } from './sealed-columns.ts'
export { type SweepDeps, sweeps } from './sweeps.ts'
export type { IdentityDeps } from './wallets/deps.ts'
export type { Messenger } from './wallets/messenger.ts'
export { nameSignature } from './wallets/names.ts'

/** In the order of the contract. */
export const handlers = [
  createWallet,
  kdf,
  walletsKdf,
  getWallet,
  resend,
  verifyWallet,
  updateWallet,
  askForAddress,
  restore,
  deleteWallet,
  listFactors,
  createFactor,
  removeFactor,
  updateFactor,
  verifyFactor,
  getSession,
  ...blobHandlers,
  ...documentHandlers,
  ...settingHandlers,
  ...identityHandlers,
  ...inviteHandlers,
  ...multisigHandlers,
]

/** Of the ledger that is embedded, as TokenD's Horizon answers: for who has no other. */
export const ledgerHandlers = [info, keyValue, signers, submit, recoveryRequests, ...gatewayHandlers]

/** Beside the one of request signatures. */
export const provers = stepUpProvers

/** What the worker does. */
export const jobs = [messageDeliverer, codeDeliverer, ...inviteJobs]

const rows = ['select', 'insert', 'update', 'delete'] as const

export const identityMigrations = readMigrations('identity', new URL('../migrations/', import.meta.url), {
  // One that is forgotten leaves its row, for good.
  ledger_accounts: ['select', 'insert', 'update'],
  ledger_signers: rows,
  ledger_recoveries: rows,
  ledger_transactions: ['select', 'insert', 'delete'],
  ledger_sales: ['select', 'insert', 'update'],
  wallets: rows,
  names: rows,
  proven_addresses: rows,
  factors: rows,
  factor_tokens: rows,
  sessions: rows,
  changes: rows,
  holds: rows,
  messages: rows,
  ...blobTables,
  ...documentTables,
  ...settingTables,
  ...identityTables,
  ...inviteTables,
  ...multisigTables,
})

/** What this domain asks of a token. */
export const keyNeeds: readonly KeyNeed[] = [
  { job: 'seal', use: '' },
  { job: 'wrap', use: '' },
  { job: 'mac', use: WALLET_USE, rotates: 'fixed' },
  { job: 'mac', use: CONTACT_USE, rotates: 'fixed' },
  { job: 'mac', use: STAMP_USE, rotates: 'fixed' },
  { job: 'mac', use: VERIFICATION_USE, rotates: 'fixed' },
  { job: 'mac', use: RECIPIENT_USE, rotates: 'passing' },
  { job: 'mac', use: CODE_USE, rotates: 'passing' },
  ...blobKeyNeeds.filter(({ job }) => job !== 'seal'),
  ledgerKeyNeed,
]
