import { p256 } from '@noble/curves/nist.js'
import { sha256, systemRandom, toBase64url, toHex, toUtf8 } from '@strongroom/crypto'
import type { PasskeyRules } from '@strongroom/proofs'

export const passkeyRules: PasskeyRules = { rpId: 'wallet.example.com', origins: ['https://wallet.example.com'] }

const PRESENT_AND_VERIFIED = 0x05

/** A passkey in memory, on the page that the tests allow. */
export function newPasskey() {
  const secretKey = p256.utils.randomSecretKey()
  const publicKey = toHex(p256.getPublicKey(secretKey, false).subarray(1))
  const credentialId = toBase64url(systemRandom(16))
  return {
    publicKey,
    userKey: { type: 'passkey', publicKey, passKey: { platform: 'web' } },
    /** The answer to a challenge of 32 bytes. */
    assert(challenge: Uint8Array, origin = passkeyRules.origins[0], write: (said: object) => string = JSON.stringify) {
      const said = { type: 'webauthn.get', challenge: toBase64url(challenge), origin, crossOrigin: false }
      const clientData = toUtf8(write(said))
      const data = Uint8Array.of(...sha256(toUtf8(passkeyRules.rpId)), PRESENT_AND_VERIFIED, 0, 0, 0, 0)
      const signature = p256.sign(Uint8Array.of(...data, ...sha256(clientData)), secretKey, { format: 'der' })
      return {
        credentialId,
        authenticatorData: toBase64url(data),
        clientDataJSON: toBase64url(clientData),
        signature: toBase64url(signature),
      }
    },
  }
}
