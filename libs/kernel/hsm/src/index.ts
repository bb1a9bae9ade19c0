export type { HsmLog } from './breaker.ts'
export type { TokenConnection } from './connect.ts'
export * from './errors.ts'
export { lockVersionOf } from './envelope/lock-version.ts'
export * from './keystore.ts'
export type {
  ExecutorKind,
  ExecutorOptions,
  KeystoreOptions,
  SeveralTokensOptions,
  TokenOptions,
} from './keystore-options.ts'
export { type FollowOptions, type KeySource } from './following/follower.ts'
export { followKeys } from './following/follow-keys.ts'
export type { KeyRecords } from './following/loaded.ts'
export { openKeystore, openRecoveryKeystore } from './open-keystore.ts'
export { filePinLatch, type PinLatch } from './pin-latch.ts'
export type { ModuleSource } from './pkcs11/module-registry.ts'
export { decodeRecoveryPublicKey, encodeRecoveryPublicKey } from './recovery-public-key.ts'
export { type RecoveryPlace, sealForRecovery } from './seal-for-recovery.ts'
export { assertDifferentTokens } from './token-roles.ts'
export { type ProfileName, profileNames } from './profiles/vendor-profile.ts'
export { type ProvisionOptions, provisionKeys, type SeveralProvisionOptions } from './provision-keys.ts'
export {
  assertOurs,
  destroyKeys,
  identifyKeys,
  isOwnKey,
  publishKeys,
  publishMacKey,
  publishSigningKey,
} from './rotate-keys.ts'
export { type FoundKey, foundKeyNamed } from './provision-token.ts'
export { refuseRolledBack } from './several/epochs.ts'
export { refuseRing } from './several/refuse-ring.ts'
export { neededOn } from './several/token-records.ts'
