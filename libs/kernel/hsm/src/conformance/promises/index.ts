import type { TokenPromise } from '../token-promise.ts'
import { ed25519Signatures } from './ed25519-signatures.ts'
import { issuedKeys } from './issued-keys.ts'
import { lockedKeys } from './locked-keys.ts'
import { macs, signatures } from './macs-and-signatures.ts'
import { macKeyJob, recoveryKeyJob, sealKeyJob, wrapKeyJob } from './one-job.ts'
import { outages, sealedOutages } from './outages.ts'
import { pins } from './pins.ts'
import { preparedLocks } from './prepared-locks.ts'
import { provisioning, weakKeys, weakRecoveryKeys } from './provisioning.ts'
import { recoveredKeys, recovery } from './recovery.ts'
import { sealing } from './sealing.ts'
import { sealedSecrecy, secrecy } from './secrecy.ts'
import { gcm, macs as macVectors, paddedWrap, wrap } from './vectors.ts'

/** Everything that the keystore promises of every token: the one list, for the contract suite and for operators. */
export const tokenPromises: readonly TokenPromise[] = [
  [provisioning, weakKeys, weakRecoveryKeys, pins],
  [wrapKeyJob, sealKeyJob, macKeyJob, recoveryKeyJob],
  [gcm, wrap, paddedWrap, macVectors],
  [sealing, issuedKeys, lockedKeys, preparedLocks, macs, signatures, ed25519Signatures, recovery, recoveredKeys],
  [secrecy, sealedSecrecy, outages, sealedOutages],
].flat(2)
