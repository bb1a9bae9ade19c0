// What tools of operators need beside what an app needs: whoever has the app's settings may do as it does.
export { NeedsProvisioning } from '../needs-provisioning.ts'
export {
  ownKeys,
  pinLatch,
  recordedKeys,
  recordKey,
  recoveryKeys,
  sealedRecoveryKey,
  storeRecoveryKey,
} from '../key-registry.ts'
export { type Log, openLog } from '../log.ts'
export { provision } from '../provision.ts'
export { recoveryKeyBinding } from '../recovery-key.ts'
export { BadSettings, readSettings } from '../settings.ts'
export { type AppToken, ownTokens, recoveryToken, tenantOf } from '../token.ts'
