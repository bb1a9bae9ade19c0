/** What a request that demands a factor does, said twice: whoever brings a code must know what it is for. */
export interface Purpose {
  /** For the message: all of it. Nothing in it was worded by the caller. */
  readonly full: string
  /** Where there is no room for more. */
  readonly short: string
}

/** TokenD's Kotlin client takes what is longer for no demand at all. */
const MOST_BYTES = 1000
/** What the dialect puts around. */
const AROUND = 60

/** As much of the purpose as there is room for. */
export function withPurpose<Told extends { readonly meta: object }>(
  told: Told,
  purpose: Purpose | undefined,
): Told & { readonly meta: { readonly purpose?: string } } {
  if (!purpose) return told
  for (const text of [purpose.full, purpose.short]) {
    const longer = { ...told, meta: { ...told.meta, purpose: text } }
    if (Buffer.byteLength(JSON.stringify(longer)) + AROUND <= MOST_BYTES) return longer
  }
  return told
}
