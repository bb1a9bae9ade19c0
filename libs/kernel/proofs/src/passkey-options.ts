import { generateRegistrationOptions } from '@simplewebauthn/server'
import { checkRules, type PasskeyRules } from './passkey.ts'
import { PasskeyCreationOptions } from './passkey-shapes.ts'

const ES256 = -7
const CHALLENGE_BYTES = 32

export interface PasskeyWish {
  /** 32 bytes. */
  readonly challenge: Uint8Array
  /** 1 to 64 bytes, drawn: they say nothing of the person. */
  readonly userId: Uint8Array
  /** Base64url: of whom it is for, so that an authenticator makes no second one. */
  readonly exclude: readonly string[]
  /** Seconds. */
  readonly lifetime: number
}

/**
 * What a browser is to make a passkey by: ES256 alone, found without its id, the person verified, no attestation.
 * @throws TypeError where challenge or rules are none.
 */
export async function passkeyOptions(
  rules: PasskeyRules,
  { challenge, userId, exclude, lifetime }: PasskeyWish,
): Promise<PasskeyCreationOptions> {
  const { rpId } = checkRules(rules)
  if (challenge.length !== CHALLENGE_BYTES) throw new TypeError('a challenge has 32 bytes')
  const options = await generateRegistrationOptions({
    rpID: rpId,
    rpName: rpId,
    // People's names stay where the passkey is made.
    userName: rpId,
    userDisplayName: rpId,
    userID: Uint8Array.from(userId),
    challenge: Uint8Array.from(challenge),
    timeout: lifetime * 1000,
    attestationType: 'none',
    excludeCredentials: exclude.map((id) => ({ id })),
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    supportedAlgorithmIDs: [ES256],
  })
  return PasskeyCreationOptions.parse(options)
}
