import { Secret } from '@strongroom/crypto'
import type { Executor } from './executor.ts'
import type { Keystore, LockRequest, RecoveryKeystore, TokenHealth } from './keystore.ts'
import type { Lock } from './operations/lock-halves.ts'

/** The interface of purposes over whatever runs the operations: secrets are unpacked here and packed again. */
export function keystoreOn(executor: Executor): Keystore {
  return {
    seal: (plaintext, binding) => executor.run('seal', { plaintext: plaintext.expose(), binding }),
    open: async (envelope, binding) => new Secret(await executor.run('open', { envelope, binding })),
    mac: (use, message) => executor.run('mac', { use, message }),
    sign: (use, message) => executor.run('sign', { use, message }),
    publicKey: (use) => executor.run('publicKey', { use }),
    issueKey: (binding) => executor.run('issueKey', { binding }),
    openKey: async (envelope, binding) => new Secret(await executor.run('openKey', { envelope, binding })),
    issueLockedKey: (request) => executor.run('issueLockedKey', { lock: lockOf(request) }),
    fitsLock: (request, locked) => executor.run('fitsLock', { lock: lockOf(request), locked }),
    async openLockedKey(request, locked) {
      const key = await executor.run('openLockedKey', { lock: lockOf(request), locked })
      return key && new Secret(key)
    },
    relockKey: (request, locked, next) =>
      executor.run('relockKey', { lock: lockOf(request), locked, next: lockOf(next) }),
    prepareLock: (request) => executor.run('prepareLock', { lock: lockOf(request) }),
    lockRecoveredKey: (key, binding, prepared) =>
      executor.run('lockRecoveredKey', { key: key.expose(), binding, prepared }),
    ...healthOf(executor),
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

const lockOf = ({ binding, factor }: LockRequest): Lock => ({ binding, factor: factor.expose() })
