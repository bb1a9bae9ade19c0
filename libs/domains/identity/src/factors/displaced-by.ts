import type { Factor } from '../wallets/store.ts'

/** The one that guards what is co-signed. They are ordered, the first of those enabled first. */
export const highestOf = (factors: readonly Factor[]): Factor | undefined =>
  factors.find(({ priority }) => priority > 0)

/**
 * The first factor, where another is put before it or beside it: a key alone makes a number or mailbox of its own a factor,
 * and its code proves nobody but whoever made it. TOTP is made behind the password.
 */
export function displacedBy(
  factors: readonly Factor[],
  { id, type }: Pick<Factor, 'id' | 'type'>,
  priority: number,
): Factor | undefined {
  const highest = highestOf(factors)
  if (!highest || highest.id === id || type === 'totp' || priority < highest.priority) return undefined
  return highest
}
