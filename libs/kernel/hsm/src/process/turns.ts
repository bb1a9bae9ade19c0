/** Locks between the threads of one process, for code that does not wait for events. */
export type Turns = Int32Array<SharedArrayBuffer>

export const READING = 0
export const WRITING = 1
const LOCKS = 2

const FREE = 0
const TAKEN = 1

export const makeTurns = (): Turns => new Int32Array(new SharedArrayBuffer(LOCKS * Int32Array.BYTES_PER_ELEMENT))

/** Runs `body` while no other thread runs one under that lock. */
export function inTurn<T>(turns: Turns, lock: typeof READING | typeof WRITING, body: () => T): T {
  while (Atomics.compareExchange(turns, lock, FREE, TAKEN) !== FREE) Atomics.wait(turns, lock, TAKEN)
  try {
    return body()
  } finally {
    Atomics.store(turns, lock, FREE)
    Atomics.notify(turns, lock, 1)
  }
}
