import { equalBytes, Secret } from '@strongroom/crypto'
import { lockVersionIn } from './envelope/lock-version.ts'
import type { Executor } from './executor.ts'
import type { Keystore, LockedKey, LockRequest, RecoveryKeystore, TokenHealth } from './keystore.ts'
import type { Lock } from './operations/lock-halves.ts'
import type { UnlockRequest } from './operations/locked-key.ts'

/** What one token does by itself; recipients and epochs concern all. */
export type TokenKeystore = Omit<
  Keystore,
  'lacksRecipients' | 'completeRecipients' | 'tokens' | 'epochs' | 'raiseEpochs'
>

/** The interface of purposes over whatever runs the operations: secrets are unpacked here and packed again. */
export function keystoreOn(executor: Executor): TokenKeystore {
  return {
    seal: (plaintext, binding) => executor.run('seal', { plaintext: plaintext.expose(), binding }),
    open: async (envelope, binding) => new Secret(await executor.run('open', { envelope, binding })),
    mac: (use, message) => executor.run('mac', { use, message }),
    macs: (use, message) => executor.run('macs', { use, message }),
    sign: (use, message) => executor.run('sign', { use, message }),
    publicKey: (use) => executor.run('publicKey', { use }),
    signEd25519: (use, message) => executor.run('signEd25519', { use, message }),
    ed25519PublicKey: (use) => executor.run('ed25519PublicKey', { use }),
    issueKey: (binding) => executor.run('issueKey', { binding }),
    openKey: async (envelope, binding) => new Secret(await executor.run('openKey', { envelope, binding })),
    issueKeyPair: (curve, binding) => executor.run('issueKeyPair', { curve, binding }),
    signWithIssued: (issued, binding, digest) => executor.run('signWithIssued', { ...issued, binding, digest }),
    issuedPublicKey: (issued, binding) => executor.run('issuedPublicKey', { ...issued, binding }),
    issueLockedKey: (request) => executor.run('issueLockedKey', { lock: lockOf(request) }),
    fitsLock: async (request, locked) =>
      (await whereFactorFits(executor, { request, locked }, () => Promise.resolve(true))) ?? false,
    openLockedKey: (request, locked) =>
      whereFactorFits(
        executor,
        { request, locked },
        async (unlock) => new Secret(await executor.run('unlockKey', unlock)),
      ),
    relockKey: (request, locked, next) =>
      whereFactorFits(executor, { request, locked }, (unlock) =>
        executor.run('rewrapKey', { ...unlock, next: lockOf(next) }),
      ),
    prepareLock: (request) => executor.run('prepareLock', { lock: lockOf(request) }),
    lockRecoveredKey: (key, binding, prepared) =>
      executor.run('lockRecoveredKey', { key: key.expose(), binding, prepared }),
    ...healthOf(executor),
  }
}

/**
 * Runs `body` where the factor fits, else answers `undefined`; a wrong factor has cost one MAC and nothing else. The halves
 * are compared here and not beside the token: where a process was lost with its answer nothing was compared, and the
 * guess may be given back.
 */
export async function whereFactorFits<T>(
  asked: Pick<Executor, 'run'>,
  { request, locked }: { request: LockRequest; locked: LockedKey },
  body: (unlock: UnlockRequest) => Promise<T>,
): Promise<T | undefined> {
  const version = lockVersionIn(locked.envelope)
  const { verifier, factorKey } = await asked.run('lockHalves', { lock: lockOf(request), version })
  try {
    if (!equalBytes(verifier, locked.verifier)) return undefined
    return await body({ binding: request.binding, envelope: locked.envelope, factorKey })
  } finally {
    verifier.fill(0)
    factorKey.fill(0)
  }
}

export function recoveryKeystoreOn(executor: Executor): RecoveryKeystore {
  return {
    publicKey: () => executor.run('recoveryPublicKey', {}),
    open: async (envelope, binding) => new Secret(await executor.run('openRecovered', { envelope, binding })),
    ...healthOf(executor),
  }
}

const healthOf = (executor: Executor): TokenHealth => ({
  assertAvailable: () => executor.assertAvailable(),
  check: () => executor.check(),
  describe: () => executor.describe(),
  close: () => executor.close(),
})

export const lockOf = ({ binding, factor }: LockRequest): Lock => ({ binding, factor: factor.expose() })
