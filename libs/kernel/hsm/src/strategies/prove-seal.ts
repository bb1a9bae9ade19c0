import { randomBytes } from 'node:crypto'
import { equalBytes } from '@strongroom/crypto'
import { Unopenable } from '../errors.ts'
import { blamesDevice, DeviceError } from '../pkcs11/device-error.ts'
import type { Session } from '../pkcs11/session.ts'
import type { Bench } from './bench.ts'
import type { KeyHandles, SealStrategy } from './strategy.ts'

const PLAINTEXT_BYTES = 40
/** Behind every IV that there is, in front of every tag. */
const IN_CIPHERTEXT = 20

/** What came of the round trips, for whoever can open it without the token. */
export interface Sealed {
  readonly sealed: Uint8Array
  readonly plaintext: Uint8Array
  readonly associated: Uint8Array
}

/**
 * Round trips on these keys, twice since IVs must differ, then the same with each part altered: what opens all the same is not sealed.
 * `undefined` where anything is otherwise. Throws `DeviceError` or `Unopenable`.
 */
export function sealsAndOpens(bench: Bench, strategy: SealStrategy, keys: KeyHandles): Sealed | undefined {
  const { session } = bench
  const message = { plaintext: randomBytes(PLAINTEXT_BYTES), associated: randomBytes(24) }
  const { associated, plaintext } = message
  const [sealed, other] = [strategy.seal(session, keys, message), strategy.seal(session, keys, message)]
  if (equalBytes(sealed.subarray(0, IN_CIPHERTEXT), other.subarray(0, IN_CIPHERTEXT))) return undefined
  for (const one of [sealed, other]) {
    if (!equalBytes(strategy.open(session, keys, { sealed: one, associated }), plaintext)) return undefined
  }
  const altered = [
    ...[0, IN_CIPHERTEXT, sealed.length - 1].map((at) => ({ sealed: flip(sealed, at), associated })),
    { sealed, associated: flip(associated, 0) },
    { sealed: sealed.subarray(0, -1), associated },
  ]
  const areRefused = altered.every((one) => isRefused(bench, (apart) => strategy.open(apart, keys, one)))
  return areRefused ? { sealed, plaintext, associated } : undefined
}

/** Throws `DeviceError` where it is not the value that is refused. */
export function isRefused(bench: Bench, open: (session: Session) => unknown): boolean {
  try {
    bench.apart(open)
    return false
  } catch (error) {
    if (error instanceof Unopenable || (error instanceof DeviceError && !blamesDevice(error))) return true
    throw error
  }
}

export const flip = (bytes: Uint8Array, at: number): Uint8Array =>
  Uint8Array.from(bytes, (byte, index) => (index === at ? byte ^ 0x01 : byte))
