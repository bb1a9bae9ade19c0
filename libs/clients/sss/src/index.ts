export * from './api/answers.ts'
export { openApi, type SssApi } from './api/api.ts'
export { SssError } from './api/error.ts'
export type { BackupRecipient, KeysApi, Login, NewAuthShare, NewRecovery, WalletLogin } from './api/keys.ts'
export type { CodeAnswer, LoginsApi } from './api/logins.ts'
export type { Approval, PushDevice, QrLoginApi } from './api/qr-login.ts'
export type { ApiOptions } from './api/transport.ts'
export * from './backup-file.ts'
export type { AddedRecovery, RecoveryWish } from './custody/add-recovery.ts'
export { CustodyError, type CustodyFault, type CustodyOptions } from './custody/context.ts'
export { type Custody, openCustody } from './custody/custody.ts'
export type { EmailBackup } from './custody/email-backup.ts'
export type { LoggedIn, Wallet } from './custody/log-in.ts'
export type { RecoveryProof } from './custody/recover.ts'
export type { SetUp } from './custody/set-up.ts'
export * from './device-store.ts'
export { didOf, isSeedOf, makePresentation, type PresentationOptions } from './did.ts'
export * from './email-share.ts'
export type { DatabaseFactory } from './indexed-db.ts'
export * from './passkey.ts'
export * from './passkey-options.ts'
export * from './phrase.ts'
export { type CheckedDevice, findNewDevice, scanNewDevice, type UncheckedDevice } from './qr/approver.ts'
export { QrError, type QrFault } from './qr/error.ts'
export { type NewDeviceLogin, type ReceivedTransfer, startQrLogin, type WaitOptions } from './qr/new-device.ts'
export { type KeyPair, makeKeyPair, openTransfer, sealTransfer, type Transfer } from './qr/payload.ts'
export {
  combineShares,
  type SeedCheck,
  ShareError,
  type ShareFault,
  shareFromHex,
  type Shares,
  shareToHex,
  splitSeed,
} from './shares.ts'
export { Secret } from '@strongroom/crypto'
export { textOf } from './did.ts'
