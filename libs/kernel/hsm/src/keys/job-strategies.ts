import { Unsupported } from '../errors.ts'
import type { KeyJob } from '../keystore.ts'
import { CKM } from '../pkcs11/cryptoki.ts'
import type { Capabilities } from '../strategies/capabilities.ts'
import { SEALED_RANDOM, SEALED_SCALAR } from '../strategies/shapes.ts'
import type { Witness } from '../strategies/shelf.ts'
import { curveNames } from './pair-curves.ts'

export const HMAC_SHA512 = 'hmac-sha512'
export const ECDSA_P256 = 'ecdsa-p256'

interface NamedStrategy {
  readonly name: string
  readonly mechanisms: readonly number[]
}

const sealedRandom: NamedStrategy = { name: SEALED_RANDOM, mechanisms: [] }
const sealedScalar: NamedStrategy = { name: SEALED_SCALAR, mechanisms: [] }

/** The named strategy of a recorded key, or the preferred one of a new key. Throws `Unsupported`. */
export function strategyOf(
  capabilities: Capabilities,
  { job, strategy }: { job: KeyJob; strategy?: string },
  witness?: Witness,
): NamedStrategy {
  const asked = { isNew: strategy === undefined && witness === undefined }
  switch (job) {
    case 'seal':
      return capabilities.seal(strategy, witness)
    case 'wrap':
      if (strategy === SEALED_RANDOM) return sealedRandom
      return orSealed(capabilities, sealedRandom, { ...asked, find: () => capabilities.wrap(strategy, witness) })
    case 'wrap-pair':
      if (strategy === SEALED_SCALAR) return sealedScalar
      return orSealed(capabilities, sealedScalar, { ...asked, find: () => pairWrapOf(capabilities, strategy, witness) })
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

/** All curves at once, so that what a token knows is found out while it is looked at, and not in the midst of work. */
function pairWrapOf(capabilities: Capabilities, strategy?: string, witness?: Witness): NamedStrategy {
  const [found] = curveNames.map((curve) => capabilities.pairWrap(curve, strategy, witness))
  if (found === undefined) throw new Unsupported(strategy ?? 'wrapping of private keys')
  return found
}

interface Asked {
  readonly isNew: boolean
  readonly find: () => NamedStrategy
}

/** Of a new key: where nothing wraps, what would be wrapped can be drawn and sealed, if anything seals. */
function orSealed(capabilities: Capabilities, sealed: NamedStrategy, { isNew, find }: Asked): NamedStrategy {
  try {
    return find()
  } catch (error) {
    if (!(error instanceof Unsupported) || !isNew) throw error
    try {
      capabilities.seal()
    } catch (other) {
      throw other instanceof Unsupported ? error : other
    }
    return sealed
  }
}
