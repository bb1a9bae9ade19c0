import type { Keystore, TokenHealth } from '../keystore.ts'
import { Follower, type FollowOptions } from './follower.ts'

/**
 * A keystore that works by the newest recorded keys: versions come and go while it is in use. Throws what `open` throws
 * where the first keys do not load; later a token that is away leaves the keys that are loaded at work.
 */
export async function followKeys(options: FollowOptions): Promise<Keystore> {
  const keystore = await options.open(options.first.keys)
  return following(new Follower(options, keystore))
}

export function following(follower: Follower): Keystore {
  return {
    seal: (plaintext, binding) => follower.write(() => follower.run((hsm) => hsm.seal(plaintext, binding))),
    open: (envelope, binding) => follower.open(envelope, (hsm) => hsm.open(envelope, binding)),
    mac: (use, message) => follower.run((hsm) => hsm.mac(use, message)),
    macs: (use, message) => follower.run((hsm) => hsm.macs(use, message)),
    sign: (use, message) => follower.run((hsm) => hsm.sign(use, message)),
    publicKey: (use) => follower.run((hsm) => hsm.publicKey(use)),
    signEd25519: (use, message) => follower.run((hsm) => hsm.signEd25519(use, message)),
    ed25519PublicKey: (use) => follower.run((hsm) => hsm.ed25519PublicKey(use)),
    issueKey: (binding) => follower.write(() => follower.run((hsm) => hsm.issueKey(binding))),
    openKey: (envelope, binding) => follower.open(envelope, (hsm) => hsm.openKey(envelope, binding)),
    issueKeyPair: (curve, binding) => follower.write(() => follower.run((hsm) => hsm.issueKeyPair(curve, binding))),
    signWithIssued: (issued, binding, digest) =>
      follower.open(issued.envelope, (hsm) => hsm.signWithIssued(issued, binding, digest)),
    issuedPublicKey: (issued, binding) => follower.open(issued.envelope, (hsm) => hsm.issuedPublicKey(issued, binding)),
    issueLockedKey: (request) => follower.write(() => follower.run((hsm) => hsm.issueLockedKey(request))),
    openLockedKey: (request, locked) => follower.open(locked.envelope, (hsm) => hsm.openLockedKey(request, locked)),
    fitsLock: (request, locked) => follower.open(locked.envelope, (hsm) => hsm.fitsLock(request, locked)),
    relockKey: (request, locked, next) =>
      follower.write(() => follower.open(locked.envelope, (hsm) => hsm.relockKey(request, locked, next))),
    prepareLock: (request) => follower.write(() => follower.run((hsm) => hsm.prepareLock(request))),
    lockRecoveredKey: (key, binding, prepared) =>
      follower.write(() => follower.open(prepared.envelope, (hsm) => hsm.lockRecoveredKey(key, binding, prepared))),
    lacksRecipients: (envelope) => follower.keystore.lacksRecipients(envelope),
    completeRecipients: (envelope, binding) =>
      follower.write(() => follower.open(envelope, (hsm) => hsm.completeRecipients(envelope, binding))),
    tokens: () => follower.keystore.tokens(),
    epochs: () => follower.run((hsm) => hsm.epochs()),
    raiseEpochs: (to) => follower.run((hsm) => hsm.raiseEpochs(to)),
    ...healthOf(follower),
  }
}

const healthOf = (follower: Follower): TokenHealth => ({
  assertAvailable: () => follower.keystore.assertAvailable(),
  check: () => follower.run((hsm) => hsm.check()),
  describe: () => follower.keystore.describe(),
  close: () => follower.close(),
})
