import { Secret } from '@strongroom/crypto'
import type { TokenTarget } from '../connect.ts'
import type { KeyRecord, TokenDescription } from '../keystore.ts'
import type { LowPinCount } from '../log-in.ts'
import type { ModuleSource } from '../pkcs11/module-registry.ts'
import type { Proved } from '../token-link.ts'
import { decodeValue, type WireValue } from './wire-value.ts'

/** What the process of a token is told, once, by its parent: everything that it knows. */
export interface StartOrder extends TokenTarget {
  readonly source: ModuleSource
  readonly keys: readonly KeyRecord[]
  readonly lowPinCount: LowPinCount
  readonly sessions: number
  /** By an earlier process on this token. */
  readonly proved?: Proved
}

/** `login` comes right before the one login, `ready` with the first session, `sessions` with each further one. */
export type StartNews =
  | { readonly told: 'login' }
  | { readonly told: 'ready'; readonly description: TokenDescription; readonly proved: Proved }
  | { readonly told: 'sessions'; readonly sessions: number }
  | { readonly told: 'failure'; readonly failure: WireValue }

export const orderToWire = ({ pin, ...order }: StartOrder): WireValue =>
  ({ ...order, pin: pin.expose() }) as unknown as WireValue

/** Wipes what it read. */
export function orderFrom(bytes: Buffer): StartOrder {
  const { pin, ...order } = decodeValue(bytes) as unknown as Omit<StartOrder, 'pin'> & { pin: Uint8Array }
  bytes.fill(0)
  return { ...order, pin: new Secret(pin) }
}
