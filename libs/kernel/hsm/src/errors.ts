/** The token did not answer, and nothing came of the call. A guess that it would have judged can be given back. */
export class HsmUnavailable extends Error {
  readonly reason: string
  /** Whole seconds, at least 1, for `Retry-After`. */
  readonly retryAfterSeconds: number

  constructor(reason: string, retryAfterSeconds = 1) {
    super(`the HSM is not available: ${reason}`)
    this.name = 'HsmUnavailable'
    this.reason = reason
    this.retryAfterSeconds = Math.max(1, Math.ceil(retryAfterSeconds))
  }
}

/** The stored value was altered, belongs to another row, app or deployment, or was sealed by a key that is not ours. */
export class Unopenable extends Error {
  constructor() {
    super('the stored value does not open: it was altered, or it belongs elsewhere')
    this.name = 'Unopenable'
  }
}

/** The token cannot do what was asked, now or later: another module is needed, or another way of keeping. */
export class Unsupported extends Error {
  readonly capability: string

  constructor(capability: string) {
    super(`the token does not support ${capability}`)
    this.name = 'Unsupported'
    this.capability = capability
  }
}

export type RefusalReason =
  | 'module-missing'
  | 'module-invalid'
  | 'module-shared'
  | 'token-absent'
  | 'token-ambiguous'
  | 'token-shared'
  | 'tokens-mixed'
  | 'tokens-refused'
  | 'software-refused'
  | 'pin-refused'
  | 'pin-latched'
  | 'pin-low'
  | 'pin-locked'
  | 'key-undeclared'
  | 'key-missing'
  | 'key-ambiguous'
  | 'key-unfit'
  | 'key-mismatch'
  | 'key-uncloned'
  | 'input-refused'
  | 'profile-unknown'
  | 'database-behind'

/** A configuration that would be unsafe or cannot work. The message says what is wrong and how to mend it. */
export class HsmRefusal extends Error {
  readonly reason: RefusalReason

  constructor(reason: RefusalReason, message: string) {
    super(message)
    this.name = 'HsmRefusal'
    this.reason = reason
  }
}
