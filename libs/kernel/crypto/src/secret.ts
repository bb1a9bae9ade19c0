import { equalBytes } from './compare.ts'
import { toUtf8 } from './encoding.ts'

/**
 * Secret bytes that cannot reach a log, an error or a JSON body by accident: printed in any way it says `[secret]`.
 * `expose` is the one way out, so that every place a secret leaves by can be found with grep.
 */
export class Secret {
  readonly #bytes: Uint8Array

  constructor(value: Uint8Array | string) {
    this.#bytes = typeof value === 'string' ? toUtf8(value) : value
  }

  /** The bytes themselves, not a copy. Keep them no longer than the call that needs them. */
  expose(): Uint8Array {
    return this.#bytes
  }

  get length(): number {
    return this.#bytes.length
  }

  /** Constant time for equal lengths; the length itself is not hidden. */
  equals(other: Secret | Uint8Array): boolean {
    return equalBytes(this.#bytes, other instanceof Secret ? other.expose() : other)
  }

  /** Best effort: JavaScript does not promise that no other copy of the bytes exists. */
  wipe(): void {
    this.#bytes.fill(0)
  }

  toString(): string {
    return '[secret]'
  }

  toJSON(): string {
    return '[secret]'
  }

  [Symbol.toPrimitive](): string {
    return '[secret]'
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '[secret]'
  }
}
