/** The hash of a companion's HMAC. */
export type MacHash = 'sha512' | 'sha256'

/** Of which objects a key consists, by the name of its strategy. An AES key alone, where nothing else is said. */
export interface KeyShape {
  readonly pair?: 'rsa'
  readonly companion?: MacHash
  /** There is no key: what it would wrap is sealed. */
  readonly keyless?: true
}

export const SEALED_RANDOM = 'sealed-random'
/** The same of private keys, which then sign in this process. */
export const SEALED_SCALAR = 'sealed-scalar'

const alone: KeyShape = {}

const shapes: Readonly<Record<string, KeyShape>> = {
  'hsm-cbc-hmac': { companion: 'sha512' },
  'hsm-cbc-hmac-sha256': { companion: 'sha256' },
  'hsm-rsa-oaep': { pair: 'rsa', companion: 'sha512' },
  'hsm-rsa-oaep-sha1': { pair: 'rsa', companion: 'sha512' },
  'cbc-wrap-hmac': { companion: 'sha512' },
  'cbc-wrap-hmac-sha256': { companion: 'sha256' },
  'cbc-pad-wrap-hmac': { companion: 'sha512' },
  'cbc-pad-wrap-hmac-sha256': { companion: 'sha256' },
  'rsa-oaep-wrap': { pair: 'rsa' },
  'rsa-oaep-wrap-sha1': { pair: 'rsa' },
  'cbc-pad-pkcs8-hmac': { companion: 'sha512' },
  'cbc-pad-pkcs8-hmac-sha256': { companion: 'sha256' },
  [SEALED_RANDOM]: { keyless: true },
  [SEALED_SCALAR]: { keyless: true },
}

export const shapeOf = (strategy: string | undefined): KeyShape =>
  strategy !== undefined && Object.hasOwn(shapes, strategy) ? (shapes[strategy] ?? alone) : alone
