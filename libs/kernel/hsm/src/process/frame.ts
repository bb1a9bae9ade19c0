import { MOST_BODY_BYTES } from '../envelope/envelope.ts'
import { HsmRefusal } from '../errors.ts'
import { encodeValue, MalformedValue, type WireValue } from './wire-value.ts'

/** Length of what follows (4 bytes, big-endian), then the number of the call (4), then the value. */
export const HEAD_BYTES = 8

/** A sealed body at its largest, and what stands around it. */
const MOST_FRAME_BYTES = MOST_BODY_BYTES + 64 * 1024

export interface Frame {
  readonly call: number
  /** To be wiped once it is read. */
  readonly bytes: Buffer
}

/** Throws `HsmRefusal` for a value that is too large. */
export function encodeFrame(call: number, value: WireValue): Buffer {
  const frame = encodeValue(value, HEAD_BYTES)
  if (frame.length > MOST_FRAME_BYTES) {
    frame.fill(0)
    throw new HsmRefusal('input-refused', `a call holds at most ${MOST_FRAME_BYTES} bytes`)
  }
  frame.writeUInt32BE(frame.length - HEAD_BYTES, 0)
  frame.writeUInt32BE(call, 4)
  return frame
}

/** Throws `MalformedValue` for a length that no frame has. */
export function readHead(head: Buffer): { length: number; call: number } {
  const length = head.readUInt32BE(0)
  if (length > MOST_FRAME_BYTES - HEAD_BYTES) throw new MalformedValue()
  return { length, call: head.readUInt32BE(4) }
}

/** Puts frames together from the pieces that a stream gives, and wipes the pieces. */
export class FrameReader {
  readonly #head = Buffer.alloc(HEAD_BYTES)
  #headBytes = 0
  #frame: Frame | undefined
  #frameBytes = 0

  /** The frames that this piece completes. Throws `MalformedValue`. */
  take(piece: Buffer): readonly Frame[] {
    const whole: Frame[] = []
    let at = 0
    while (at < piece.length) {
      if (this.#frame === undefined) {
        const copied = piece.copy(this.#head, this.#headBytes, at)
        at += copied
        this.#headBytes += copied
        if (this.#headBytes < HEAD_BYTES) break
        const { length, call } = readHead(this.#head)
        this.#frame = { call, bytes: Buffer.allocUnsafeSlow(length) }
        this.#frameBytes = 0
        this.#headBytes = 0
      }
      const copied = piece.copy(this.#frame.bytes, this.#frameBytes, at)
      at += copied
      this.#frameBytes += copied
      if (this.#frameBytes < this.#frame.bytes.length) break
      whole.push(this.#frame)
      this.#frame = undefined
    }
    piece.fill(0)
    return whole
  }
}
