import { p256 } from '@noble/curves/nist.js'
import { Secret } from '@strongroom/crypto'
import type { Keystore } from '@strongroom/hsm'
import type { PairKeystore } from '../src/accounts/pairs.ts'

/** Key pairs whose private half is sealed by the token, for tests that sign with none of them. */
export const withPairs = (hsm: Keystore): PairKeystore => ({
  ...hsm,
  async issueKeyPair(_curve, binding) {
    const secret = p256.utils.randomSecretKey()
    return { publicKey: p256.getPublicKey(secret, false), envelope: await hsm.seal(new Secret(secret), binding) }
  },
  signWithIssued: () => Promise.reject(new Error('no test signs with it')),
})
