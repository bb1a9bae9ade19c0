import type { PinLatch } from '../pin-latch.ts'

/** Forgets with the process. */
export function memoryPinLatch(): PinLatch {
  let latched: string | undefined
  return {
    read: () => Promise.resolve(latched),
    write: (entry) => {
      latched = entry
      return Promise.resolve()
    },
  }
}
