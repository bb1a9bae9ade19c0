import type { Secret } from '@strongroom/crypto'
import type { Fields } from './document.ts'

/** The codes of `IdentityError` that a wallet acts on. */
export const identityCodes = {
  verificationRequired: 'verification_required',
  tfaRequired: 'tfa_required',
} as const

/** What the server wants to have proven before it does what was asked; nothing of it prints. */
export interface FactorDemand {
  readonly factorId: string
  readonly factorType: string
  readonly walletId: Secret
  /** What a password factor signs, and what a code is sent with. */
  readonly token: Secret
  /** Of a password factor: base64, as the wallet's own. */
  readonly keychainData?: string | undefined
  readonly salt?: string | undefined
  /** Of a telegram factor. */
  readonly botUrl?: string | undefined
  /** What a co-signed transaction does, where the server says. */
  readonly purpose?: unknown
}

/** One field of a request that is not as it should be: a JSON pointer, or the name of a parameter. */
export interface FieldFault {
  readonly field: string
  readonly error: string
}

interface Refused {
  readonly status: number
  readonly code?: string | undefined
  readonly detail?: string | undefined
  readonly meta?: Fields | undefined
  readonly factor?: FactorDemand | undefined
  readonly fields?: readonly FieldFault[] | undefined
  readonly retryAfter?: number | undefined
}

/** What the server refused, or that it could not be asked. The message is the server's own; it never holds what was sent. */
export class IdentityError extends Error {
  /** HTTP status; 0 when no answer came, or none that could be read. */
  readonly status: number
  readonly code: string | undefined
  readonly detail: string | undefined
  readonly fields: readonly FieldFault[]
  /** Seconds, where the server said when to come back. */
  readonly retryAfter: number | undefined
  // A wallet's id in them is as good as the wallet: what an error prints is its other members.
  readonly #meta: Fields
  readonly #factor: FactorDemand | undefined

  constructor(message: string, { status, code, detail, meta = {}, factor, fields = [], retryAfter }: Refused) {
    super(message)
    this.name = 'IdentityError'
    this.status = status
    this.code = code
    this.detail = detail
    this.fields = fields
    this.retryAfter = retryAfter
    this.#meta = meta
    this.#factor = factor
  }

  /** As it came, snake_case. */
  get meta(): Fields {
    return this.#meta
  }

  /** With `tfaRequired`. */
  get factor(): FactorDemand | undefined {
    return this.#factor
  }

  /** The same call may go well later. A write may have been carried out all the same. */
  get isOutage(): boolean {
    return this.status === 0 || this.status >= 500
  }
}
