import type { HsmLog } from './breaker.ts'
import { connect, type TokenConnection } from './connect.ts'
import { InlineExecutor } from './executor-inline.ts'
import type { KeyRecord, Keystore, RecoveryKeystore } from './keystore.ts'
import { keystoreOn, recoveryKeystoreOn } from './keystore-on-executor.ts'
import { latchIfRefused } from './log-in.ts'
import { refuseOtherKeys, refuseRecoveryKeys } from './token-roles.ts'

export interface KeystoreOptions extends TokenConnection {
  /** Every key of the app, all versions: what `provisionKeys` returned and the database keeps. */
  readonly keys: readonly KeyRecord[]
  /** Between two looks at the token's own objects. 1000 by default. */
  readonly probeIntervalMs?: number
  readonly log?: HsmLog
  /** From 0 to 1, for jitter alone. */
  readonly random?: () => number
}

/**
 * Logs in once, refuses any key that is missing, unfit for its job or not the recorded one, and answers a keystore that
 * heals by itself when the token goes and comes back. Throws `HsmRefusal`, `Unsupported` or `HsmUnavailable`.
 */
export async function openKeystore(options: KeystoreOptions): Promise<Keystore> {
  refuseRecoveryKeys(options.keys)
  return keystoreOn(await openExecutor(options))
}

/** The same for the second token, whose keys are recovery keys and nothing else. */
export async function openRecoveryKeystore(options: KeystoreOptions): Promise<RecoveryKeystore> {
  refuseOtherKeys(options.keys)
  return recoveryKeystoreOn(await openExecutor(options))
}

async function openExecutor(options: KeystoreOptions): Promise<InlineExecutor> {
  const { keys, probeIntervalMs = 1000, log = () => undefined, random = Math.random, pin, pinLatch } = options
  const link = await connect(options, keys)
  const onRefusedPin = async (error: unknown) => {
    try {
      await latchIfRefused(error, { pin, pinLatch, lowPinCount: 'refuse' })
    } catch {
      log('hsm-lost', 'the refused PIN could not be written to the latch: the next start will try it once more')
    }
  }
  return new InlineExecutor({ link, probeIntervalMs, log, random, onRefusedPin })
}
