import type { KeyJob } from '../keystore.ts'
import { CKM } from '../pkcs11/cryptoki.ts'
import type { Capabilities } from '../strategies/capabilities.ts'

export const HMAC_SHA512 = 'hmac-sha512'
export const ECDSA_P256 = 'ecdsa-p256'

/** The named strategy of a recorded key, or the preferred one of a new key. Throws `Unsupported`. */
export function strategyOf(
  capabilities: Capabilities,
  { job, strategy }: { job: KeyJob; strategy?: string },
): { readonly name: string; readonly mechanisms: readonly number[] } {
  switch (job) {
    case 'seal':
      return capabilities.seal(strategy)
    case 'wrap':
      return capabilities.wrap(strategy)
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
