import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Secret } from '@strongroom/crypto'
import { HsmRefusal, HsmUnavailable } from './errors.ts'
import type { KeyRecord } from './keystore.ts'
import { latchIfRefused, type LowPinCount, refuseLatchedPin, refuseLowCount } from './log-in.ts'
import type { PinLatch } from './pin-latch.ts'
import { CKR } from './pkcs11/cryptoki.ts'
import { DeviceError, isDeviceError } from './pkcs11/device-error.ts'
import { acquireModule, type ModuleSource } from './pkcs11/module-registry.ts'
import { findToken, type FoundToken } from './pkcs11/token.ts'
import type { ProfileName } from './profiles/vendor-profile.ts'
import { type Proved, TokenLink } from './token-link.ts'

/** Which token, and what it must be. */
export interface TokenTarget {
  readonly tokenLabel: string
  readonly pin: Secret
  readonly deployment: string
  readonly app: string
  /** The software models that are allowed, as the token reports them ("SoftHSM v2"); `any` is for development and tests. */
  readonly allowSoftware: readonly string[] | 'any'
  /** Of whose make it is; by what the token says of itself, without one. A profile adds to what is tried, and proves nothing. */
  readonly profile?: ProfileName | undefined
}

/** Which token, and how to log in to it. */
export interface TokenConnection extends TokenTarget {
  /** A path, or a path with what the module reads when it is initialised. */
  readonly module: string | ModuleSource
  readonly pinLatch: PinLatch
  /** `refuse` by default: see `Login`. */
  readonly lowPinCount?: LowPinCount
}

// SoftHSM rewrites token.object at each login, and a process that starts meanwhile sees no token, or half of one.
const START_TRIES = 6
const START_JITTER_MS = [5, 45] as const
const startRaceCodes = [CKR.generalError, CKR.userPinNotInitialized]

/** Logs in once, after the latch was asked, and loads the keys. Throws `HsmRefusal`, `Unsupported` or `HsmUnavailable`. */
export async function connect(connection: TokenConnection, keys: readonly KeyRecord[]): Promise<TokenLink> {
  const lowPinCount = await refuseLatchedPin(connection.tokenLabel, { lowPinCount: 'refuse', ...connection })
  try {
    return await attach(connection, { keys, source: sourceOf(connection), lowPinCount })
  } catch (error) {
    await latchIfRefused(error, connection)
    throw error
  }
}

export const sourceOf = ({ module }: Pick<TokenConnection, 'module'>): ModuleSource =>
  typeof module === 'string' ? { path: module } : module

export interface Attachment {
  readonly source: ModuleSource
  readonly keys: readonly KeyRecord[]
  /** As the latch said. */
  readonly lowPinCount: LowPinCount
  readonly proved?: Proved
  /** Told right before the one `C_Login`. */
  readonly onLogin?: () => void
}

/** Finds the token, judges whether it may be used, logs in and loads the keys. Errors as of `connect`; knows no latch. */
export async function attach(
  { tokenLabel, deployment, app, pin, allowSoftware, profile }: TokenTarget,
  { source, keys, lowPinCount, onLogin, ...known }: Attachment,
): Promise<TokenLink> {
  const module = await throughStartRace(() => acquireModule(source))
  try {
    const initialiseAnew = () => module.reinitialise(module.generation)
    const token = await throughStartRace(() => findToken(module.pkcs11, tokenLabel), initialiseAnew)
    refuseSoftware(token, allowSoftware)
    refuseLowCount(token, lowPinCount)
    const link = new TokenLink(
      { module, tokenLabel, pin, tenant: { deployment, app }, keys, ...known, ...(profile && { profile }) },
      token.description,
    )
    onLogin?.()
    await throughStartRace(() => link.logInAnew(), initialiseAnew)
    return link
  } catch (error) {
    module.release()
    throw error
  }
}

/** Only what the start race looks like is tried again, never a refused PIN; at the end the last answer is thrown. */
async function throughStartRace<T>(step: () => T, mend: () => void = () => undefined): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      if (tries > 1) mend()
      return step()
    } catch (error) {
      if (!looksLikeStartRace(error) || tries === START_TRIES) throw toPublicError(error)
      await sleep(randomInt(...START_JITTER_MS))
    }
  }
}

const looksLikeStartRace = (error: unknown): boolean =>
  isDeviceError(error, ...startRaceCodes) || (error instanceof HsmRefusal && error.reason === 'token-absent')

const toPublicError = (error: unknown): unknown =>
  error instanceof DeviceError ? new HsmUnavailable(error.message) : error

function refuseSoftware({ description }: FoundToken, allowed: TokenTarget['allowSoftware']): void {
  if (!description.software || allowed === 'any' || allowed.includes(description.model)) return
  const remedy = `use a hardware token, or allow the model "${description.model}" by name`
  throw new HsmRefusal('software-refused', `the token "${description.label}" keeps its keys in software: ${remedy}`)
}
