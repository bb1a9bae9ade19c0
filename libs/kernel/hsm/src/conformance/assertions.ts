import { equal, fail, ok, rejects, throws } from 'node:assert/strict'
import { randomBytes, randomInt } from 'node:crypto'
import { equalBytes, Secret } from '@strongroom/crypto'
import { Unopenable } from '../errors.ts'
import { DeviceError } from '../pkcs11/device-error.ts'

// Messages are ours: an assertion that printed what it compared could print a key.

export const same = (a: Uint8Array | undefined, b: Uint8Array, what: string): void =>
  ok(a !== undefined && equalBytes(a, b), `${what}: other bytes than expected`)

export const different = (a: Uint8Array, b: Uint8Array, what: string): void =>
  ok(!equalBytes(a, b), `${what}: the same bytes`)

export const sameSecret = (a: Secret | undefined, b: Secret, what: string): void => same(a?.expose(), b.expose(), what)

export const isLong = (bytes: Uint8Array | Secret | undefined, length: number, what: string): void =>
  equal(bytes?.length, length, `${what}: another length`)

export const opensNot = (attempt: Promise<unknown>, what: string): Promise<void> =>
  rejects(attempt, Unopenable, `${what} opened`)

export const isRefused = (attempt: Promise<unknown>, reason: string): Promise<void> =>
  rejects(attempt, { reason }, `not refused for ${reason}`)

/** The token itself must say no. */
export const tokenRefuses = (attempt: () => unknown, what: string): void =>
  throws(attempt, DeviceError, `the token does not refuse: ${what}`)

export function given<T>(value: T | undefined, what: string): T {
  return value ?? fail(`there is no ${what}`)
}

export const flip = (bytes: Uint8Array, at: number, mask = 0x01): Uint8Array =>
  Uint8Array.from(bytes, (byte, index) => (index === at ? byte ^ mask : byte))

export const everyFlip = (bytes: Uint8Array, mask = 0x01): readonly Uint8Array[] =>
  Array.from(bytes, (_, at) => flip(bytes, at, mask))

/** Cut off, lengthened, changed in some place, or something else altogether: the nearest of each, and so many by chance. */
export function damages(bytes: Uint8Array, count: number): readonly Uint8Array[] {
  const nearest = [bytes.slice(0, -1), Uint8Array.of(...bytes, 0), bytes.slice(0, 40), new Uint8Array()]
  const kinds = [
    () => bytes.slice(0, randomInt(bytes.length)),
    () => Uint8Array.of(...bytes, ...randomBytes(randomInt(1, 20))),
    () => flip(bytes, randomInt(bytes.length), randomInt(1, 256)),
    () => new Uint8Array(randomBytes(randomInt(200))),
  ]
  const chance = Array.from({ length: count }, (_, index) => given(kinds[index % kinds.length], 'damage')())
  return [...nearest, ...chance]
}

export const secretOf = (length: number, byte = 7): Secret => new Secret(new Uint8Array(length).fill(byte))
