/** What an envelope holds. It is part of the associated data: one kind never opens as another. */
export const envelopeKinds = {
  direct: 1,
  'data-key': 2,
  'issued-key': 3,
  'locked-key': 4,
  'prepared-lock': 5,
  recovery: 6,
  'issued-pair': 7,
} as const

export type EnvelopeKind = keyof typeof envelopeKinds

/** The payload as one key-encryption key sealed it; of a recovery copy, as it was encrypted to a recovery key. */
export interface Recipient {
  /** `CKA_ID` of that key: random, so keys of one label on two tokens are told apart. */
  readonly keyId: Uint8Array
  readonly version: number
  readonly strategy: string
  readonly sealed: Uint8Array
}

/**
 * A stored value that says by itself how to open it. Several recipients hold the same payload, sealed by keys on
 * different tokens of one class: any of them opens it.
 */
export interface Envelope {
  readonly kind: EnvelopeKind
  readonly recipients: readonly [Recipient, ...Recipient[]]
  /**
   * Of `data-key` and `recovery`: IV, ciphertext and tag under the data key that is in the payload. Of `locked-key` and
   * `prepared-lock`: the version of the MAC key that locked it, unless it is the first. Empty otherwise.
   */
  readonly body: Uint8Array
}

export type EnvelopeHead = Omit<Envelope, 'body'>

export const ENVELOPE_FORMAT = 1

/** Of the body of an envelope: 64 MiB. */
export const MOST_BODY_BYTES = 64 * 1024 * 1024
