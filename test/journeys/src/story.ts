/** What the clients know of one key, from acknowledgements alone. */
export interface KeyStory {
  readonly id: string
  /** As it was released the first time. */
  encryptionKey: string | undefined
  /** The PINs of which one opens it: one, or two since a change that nobody answered. */
  pins: readonly string[]
  /** PINs that an acknowledged change has put aside. */
  pastPins: readonly string[]
  fate: 'kept' | 'perhaps erased' | 'erased'
}

export const storyOf = (id: string, pin: string): KeyStory => ({
  id,
  encryptionKey: undefined,
  pins: [pin],
  pastPins: [],
  fate: 'kept',
})

/** Every story so far, and how many answers were heard. */
export interface Ledger {
  readonly stories: KeyStory[]
  acknowledged: number
}

export const emptyLedger = (): Ledger => ({ stories: [], acknowledged: 0 })
