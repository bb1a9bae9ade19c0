import { fromUtf8 } from '@strongroom/crypto'
import { Unopenable } from '../errors.ts'

/** Reads what was stored, and refuses (`Unopenable`) whatever is too short, too long or has bytes left over. */
export class ByteReader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** Unsigned, big-endian, of 1 to 4 bytes. */
  readNumber(width: 1 | 2 | 4): number {
    return this.take(width).reduce((value, byte) => value * 256 + byte, 0)
  }

  /** A length of `width` bytes, then so many bytes; `most` bounds it. */
  readBytes(width: 1 | 2 | 4, most: number): Uint8Array {
    const length = this.readNumber(width)
    if (length > most) throw new Unopenable()
    return this.take(length)
  }

  readText(most: number): string {
    try {
      return fromUtf8(this.readBytes(1, most))
    } catch {
      throw new Unopenable()
    }
  }

  finish(): void {
    if (this.#at !== this.#bytes.length) throw new Unopenable()
  }

  take(length: number): Uint8Array {
    if (length > this.#bytes.length - this.#at) throw new Unopenable()
    const taken = this.#bytes.slice(this.#at, this.#at + length)
    this.#at += length
    return taken
  }
}
