import { connect, sourceOf } from './connect.ts'
import { HsmUnavailable } from './errors.ts'
import type { Executor } from './executor.ts'
import { InlineExecutor } from './executor-inline.ts'
import { latchIfRefused, refuseLatchedPin } from './log-in.ts'
import { measureLatency } from './measure-latency.ts'
import type { KeystoreOptions } from './keystore-options.ts'
import { DeviceError } from './pkcs11/device-error.ts'
import { ProcessExecutor } from './process/executor-process.ts'
import type { TokenLink } from './token-link.ts'

/** What one short call may take for the token to be worked with in this process, where every call holds up all others. */
export const SLOW_MS = 0.5

const WAITING_PER_SESSION = 64

/** Throws `HsmRefusal`, `Unsupported` or `HsmUnavailable`. */
export async function openExecutor(options: KeystoreOptions): Promise<Executor> {
  const { executor = 'inline' } = options
  if (executor === 'process') return openProcess(options)
  const link = await connect(options, options.keys)
  if (executor === 'inline' || isFast(link)) return new InlineExecutor({ link, ...commonOptions(options) })
  link.close()
  return openProcess(options)
}

/** Throws `HsmUnavailable`; nothing is open then. */
function isFast(link: TokenLink): boolean {
  try {
    return measureLatency(link) <= SLOW_MS
  } catch (error) {
    link.close()
    throw error instanceof DeviceError ? new HsmUnavailable(error.message) : error
  }
}

async function openProcess(options: KeystoreOptions): Promise<ProcessExecutor> {
  const { tokenLabel, pin, deployment, app, allowSoftware, profile, keys } = options
  const { sessions = 8, callSeconds = 5, startSeconds = 30, mostGrowth = 256 * 2 ** 20 } = options
  const lowPinCount = await refuseLatchedPin(tokenLabel, { lowPinCount: 'refuse', ...options })
  const target = { tokenLabel, pin, deployment, app, allowSoftware, ...(profile && { profile }) }
  try {
    return await ProcessExecutor.open({
      ...commonOptions(options),
      order: { ...target, source: sourceOf(options), keys, lowPinCount, sessions },
      limits: { callMs: callSeconds * 1000, startMs: startSeconds * 1000 },
      mostWaiting: sessions * WAITING_PER_SESSION,
      mostGrowth,
    })
  } catch (error) {
    await latchIfRefused(error, options)
    throw error
  }
}

function commonOptions({
  probeIntervalMs = 1000,
  log = () => undefined,
  random = Math.random,
  ...connection
}: KeystoreOptions) {
  const onRefusedPin = async (error: unknown) => {
    try {
      await latchIfRefused(error, connection)
    } catch {
      log('hsm-lost', 'the refused PIN could not be written to the latch: the next start will try it once more')
    }
  }
  return { probeIntervalMs, log, random, onRefusedPin }
}
