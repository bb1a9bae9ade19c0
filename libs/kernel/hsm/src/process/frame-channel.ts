import { readSync, writeSync } from 'node:fs'
import { encodeFrame, type Frame, HEAD_BYTES, readHead } from './frame.ts'
import { inTurn, READING, type Turns, WRITING } from './turns.ts'
import type { WireValue } from './wire-value.ts'

/**
 * One end of a socket, shared by threads that wait in the system call: whoever is idle reads the next call, and answers
 * it himself. No event loop stands between a call and its session.
 */
export class FrameChannel {
  readonly #descriptor: number
  readonly #turns: Turns
  readonly #head = Buffer.alloc(HEAD_BYTES)

  constructor(descriptor: number, turns: Turns) {
    this.#descriptor = descriptor
    this.#turns = turns
  }

  /** Waits for a frame. `undefined`: the other side has closed. */
  receive(): Frame | undefined {
    return inTurn(this.#turns, READING, () => {
      if (!this.#fill(this.#head)) return undefined
      const { length, call } = readHead(this.#head)
      const bytes = Buffer.allocUnsafeSlow(length)
      return this.#fill(bytes) ? { call, bytes } : undefined
    })
  }

  send(call: number, value: WireValue): void {
    const frame = encodeFrame(call, value)
    try {
      inTurn(this.#turns, WRITING, () => {
        for (let at = 0; at < frame.length;) at += writeSync(this.#descriptor, frame, at)
      })
    } finally {
      frame.fill(0)
    }
  }

  #fill(bytes: Buffer): boolean {
    for (let at = 0; at < bytes.length;) {
      const read = readSync(this.#descriptor, bytes, at, bytes.length - at, null)
      if (read === 0) return false
      at += read
    }
    return true
  }
}
