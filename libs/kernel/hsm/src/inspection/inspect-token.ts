import type { Secret } from '@strongroom/crypto'
import type { TokenMaker } from '../conformance/judge-plan.ts'
import { HsmRefusal } from '../errors.ts'
import type { KeyRecord } from '../keystore.ts'
import { latchIfRefused, type LowPinCount, refuseLatchedPin } from '../log-in.ts'
import type { PinLatch } from '../pin-latch.ts'
import type { ModuleSource } from '../pkcs11/module-registry.ts'
import type { ProfileName } from '../profiles/vendor-profile.ts'
import { inspectInProcess } from './inspect-in-process.ts'
import type { Inspection } from './inspection.ts'
import { withThrowAway } from './throw-away-token.ts'

export interface TokenToInspect {
  readonly module: ModuleSource
  /** One that exists, a throw-away one, or none: the module and its slots alone. */
  readonly token?: InspectedToken | TokenMaker
  /** What the database records of it. */
  readonly keys?: readonly KeyRecord[]
  /** Of silence, after which the token is taken for hung: two minutes by default. */
  readonly patienceMs?: number
}

export interface InspectedToken {
  readonly label: string
  readonly pin: Secret
  /** Remembers a refused PIN: without one it would be tried again by whoever looks next. */
  readonly pinLatch: PinLatch
  readonly lowPinCount?: LowPinCount
  readonly profile?: ProfileName | undefined
  /** Whose keys are looked at; they decide nothing else. */
  readonly deployment?: string
  readonly app?: string
}

const PATIENCE_MS = 120_000

/**
 * Looks at a module and a token, in a process of its own: what they are, what they can do in round trips on session
 * objects, how fast, and whether the recorded keys are as they should be. Leaves nothing on the token. Throws only where a
 * throw-away token cannot be made.
 */
export async function inspectToken(subject: TokenToInspect): Promise<Inspection> {
  const { module, token, keys = [], patienceMs = PATIENCE_MS } = subject
  if (typeof token === 'string')
    return withThrowAway(module, token, (source, made) =>
      inspectInProcess({ module: source, token: made, keys: [] }, { patienceMs }),
    )
  if (token === undefined) return inspectInProcess({ module, keys }, { patienceMs })
  return inspectOwn(module, { token, keys, patienceMs })
}

async function inspectOwn(
  module: ModuleSource,
  { token, keys, patienceMs }: { token: InspectedToken; keys: readonly KeyRecord[]; patienceMs: number },
): Promise<Inspection> {
  const { label, pin, pinLatch, profile, deployment = 'inspection', app = 'inspection' } = token
  let lowPinCount: LowPinCount
  try {
    lowPinCount = await refuseLatchedPin(label, { lowPinCount: 'refuse', ...token })
  } catch (error) {
    if (!(error instanceof HsmRefusal)) throw error
    // The rest of the module can be looked at without the PIN.
    const found = await inspectInProcess({ module, keys: [] }, { patienceMs })
    if (found.stopped !== undefined || found.module.fault !== undefined) return found
    return { ...found, stopped: { at: 'login', reason: error.reason, message: error.message } }
  }
  const planned = { label, pin: pin.expose(), profile, lowPinCount, deployment, app }
  const found = await inspectInProcess({ module, token: planned, keys }, { patienceMs })
  if (found.stopped?.reason === 'pin-refused')
    await latchIfRefused(new HsmRefusal('pin-refused', found.stopped.message), { pin, pinLatch })
  return found
}
