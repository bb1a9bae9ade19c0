import { Unsupported } from '../errors.ts'
import type { KeyJob } from '../keystore.ts'
import { CKM } from '../pkcs11/cryptoki.ts'
import type { Capabilities } from '../strategies/capabilities.ts'
import { SEALED_RANDOM } from '../strategies/shapes.ts'
import type { Witness } from '../strategies/shelf.ts'

export const HMAC_SHA512 = 'hmac-sha512'
export const ECDSA_P256 = 'ecdsa-p256'

interface NamedStrategy {
  readonly name: string
  readonly mechanisms: readonly number[]
}

const sealedRandom: NamedStrategy = { name: SEALED_RANDOM, mechanisms: [] }

/** The named strategy of a recorded key, or the preferred one of a new key. Throws `Unsupported`. */
export function strategyOf(
  capabilities: Capabilities,
  { job, strategy }: { job: KeyJob; strategy?: string },
  witness?: Witness,
): NamedStrategy {
  switch (job) {
    case 'seal':
      return capabilities.seal(strategy, witness)
    case 'wrap':
      return strategy === SEALED_RANDOM ? sealedRandom : wrapOrSeal(capabilities, strategy, witness)
    case 'recover':
      return capabilities.recover(strategy)
    case 'sign-ed25519':
      return capabilities.ed25519(strategy)
    case 'mac':
      return { name: HMAC_SHA512, mechanisms: [CKM.sha512Hmac] }
    case 'sign':
      return { name: ECDSA_P256, mechanisms: [CKM.ecdsa] }
  }
}

/** Of a new key: where nothing wraps, what would be wrapped can be drawn and sealed, if anything seals. */
function wrapOrSeal(capabilities: Capabilities, strategy?: string, witness?: Witness): NamedStrategy {
  try {
    return capabilities.wrap(strategy, witness)
  } catch (error) {
    if (!(error instanceof Unsupported) || strategy !== undefined || witness !== undefined) throw error
    try {
      capabilities.seal()
    } catch (other) {
      throw other instanceof Unsupported ? error : other
    }
    return sealedRandom
  }
}
