import type { TokenPromise } from '../token-promise.ts'
import { ed25519Signatures } from './ed25519-signatures.ts'
import { epochs } from './epochs.ts'
import { issuedKeys } from './issued-keys.ts'
import { issuedPairs } from './issued-pairs.ts'
import { recoveryPairs, signingPairs } from './key-pairs.ts'
import { lockedKeys } from './locked-keys.ts'
import { macs, signatures } from './macs-and-signatures.ts'
import { edwardsKeyJob, macKeyJob, pairKeyJob, recoveryKeyJob, sealKeyJob, wrapKeyJob } from './one-job.ts'
import { lockedOutages, outages, sealedOutages } from './outages.ts'
import { pins } from './pins.ts'
import { preparedLocks } from './prepared-locks.ts'
import { missingCapabilities, provisioning, recoveryAlone } from './provisioning.ts'
import { recoveredKeys, recovery } from './recovery.ts'
import { sealing } from './sealing.ts'
import { recoveredSecrecy, sealedSecrecy, secrecy } from './secrecy.ts'
import { gcm, macs as macVectors, paddedWrap, wrap } from './vectors.ts'
import { weakEdwardsKeys, weakKeys, weakPairKeys, weakRecoveryKeys } from './weak-keys.ts'

/** Everything that the keystore promises of every token: the one list, for the contract suite and for operators. */
export const tokenPromises: readonly TokenPromise[] = [
  [provisioning, missingCapabilities, recoveryAlone, signingPairs, recoveryPairs, epochs],
  [weakKeys, weakPairKeys, weakEdwardsKeys, weakRecoveryKeys, pins],
  [wrapKeyJob, pairKeyJob, sealKeyJob, macKeyJob, edwardsKeyJob, recoveryKeyJob],
  [gcm, wrap, paddedWrap, macVectors],
  [
    sealing,
    issuedKeys,
    issuedPairs,
    lockedKeys,
    preparedLocks,
    macs,
    signatures,
    ed25519Signatures,
    recovery,
    recoveredKeys,
  ],
  [secrecy, sealedSecrecy, recoveredSecrecy, outages, sealedOutages, lockedOutages],
].flat(2)
