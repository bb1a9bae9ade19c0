import { fromBase64url } from '@strongroom/crypto'
import type { PasskeyPlatform } from '@strongroom/accounts-client'
import { assertionOf, newKey, passkeyRules } from '@strongroom/mpc-auth/testing/accounts'

/** An authenticator in software: one passkey, present and verified. A real browser’s is in `test/browser`. */
export function softPasskey() {
  const key = newKey()
  const platform: PasskeyPlatform = {
    create: () => Promise.reject(new Error('its passkey is made')),
    get(options) {
      const { challenge } = (options as { publicKey: { challenge: Uint8Array } }).publicKey
      const { credentialId, ...response } = assertionOf(key, challenge)
      return Promise.resolve({
        rawId: bufferOf(credentialId),
        response: {
          authenticatorData: bufferOf(response.authenticatorData),
          clientDataJSON: bufferOf(response.clientDataJSON),
          signature: bufferOf(response.signature),
          userHandle: null,
        },
      })
    },
  }
  return { rpId: passkeyRules.rpId, publicKey: key.publicKey, platform }
}

const bufferOf = (text: string): ArrayBuffer => Uint8Array.from(fromBase64url(text)).buffer
