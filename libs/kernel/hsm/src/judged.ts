import { HsmUnavailable, Unopenable } from './errors.ts'
import { probe, runCanary } from './keys/canary.ts'
import { judgesStoredValue, type OperationName, operations, type RequestOf, type ResultOf } from './operations/index.ts'
import type { OperationContext } from './operations/operation.ts'
import { blamesDevice, DeviceError } from './pkcs11/device-error.ts'
import { isBusy, mayBeBusy } from './profiles/busy.ts'
import type { VendorProfile } from './profiles/vendor-profile.ts'

/** A session with the keys that operations use. */
export interface Link {
  readonly context: OperationContext
  /** What the codes of this token mean. */
  readonly profile: VendorProfile
  /** After any error the session may still be busy with the failed operation. Throws `DeviceError`. */
  renewSession(): void
}

/** The token did not answer, and not because of the value that it was given. The message is what PKCS#11 said, by name. */
export class DeviceLost extends Error {
  override readonly name = 'DeviceLost'
}

/** Runs one operation. Throws `DeviceLost`, `Unopenable`, `Unsupported`, `HsmRefusal`, or `HsmUnavailable` of a busy token. */
export function runJudged<Name extends OperationName>(
  link: Link,
  name: Name,
  request: RequestOf<Name>,
): ResultOf<Name> {
  const operation = operations[name] as (context: OperationContext, request: RequestOf<Name>) => ResultOf<Name>
  const attempt = () => operation(link.context, request)
  try {
    return attempt()
  } catch (first) {
    if (!(first instanceof DeviceError)) throw first
    refuseBusy(link, first)
    return judge(link, first, { attempt, judgesValue: judgesStoredValue[name] })
  }
}

/** One round trip on the token's own objects. Throws `DeviceLost`, or `HsmUnavailable` of a busy token. */
export function probeJudged(link: Link): void {
  try {
    probe(link.context)
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error
    refuseBusy(link, error)
    passCanary(link, error)
  }
}

/**
 * The same code (`CKR_GENERAL_ERROR` on SoftHSM) may speak of an altered value or of a broken token. A canary decides,
 * then a second try: only a value that a healthy token refuses twice is called `Unopenable`.
 */
function judge<T>(
  link: Link,
  first: DeviceError,
  { attempt, judgesValue }: { attempt: () => T; judgesValue: boolean },
): T {
  passCanary(link, first)
  try {
    return attempt()
  } catch (second) {
    if (!(second instanceof DeviceError)) throw second
    refuseBusy(link, second)
    passCanary(link, second)
    if (judgesValue && !blamesDevice(second)) throw new Unopenable()
    throw new DeviceLost(second.message)
  }
}

/** Renews the session and proves the token healthy. */
function passCanary(link: Link, cause: DeviceError): void {
  try {
    link.renewSession()
    runCanary(link.context)
  } catch (error) {
    if (error instanceof DeviceError && mayBeBusy(link.profile, error)) throw busy(link, error)
    throw new DeviceLost(cause.message)
  }
}

/** Back-pressure: nobody looks whether the token is healthy, since that would be one call more. */
function refuseBusy(link: Link, error: DeviceError): void {
  if (!isBusy(link.profile, error)) return
  try {
    link.renewSession()
  } catch {
    // The session that is left, if any, fails the next call, which mends it.
  }
  throw busy(link, error)
}

const busy = ({ profile }: Link, { message }: DeviceError): HsmUnavailable =>
  new HsmUnavailable(`busy (${message})`, profile.busy?.retryAfterSeconds)
