import { z } from 'zod'

const bytes = (most: number) =>
  z
    .string()
    .min(1)
    .max(Math.ceil((most * 4) / 3))
    .regex(/^[\w-]+$/)

/** WebAuthn Level 3, section 5.8.5: an id has at most 1,023 bytes. */
const CredentialId = bytes(1023)

/** What an authenticator answers a challenge with (WebAuthn Level 3, section 6.3.3): each field base64url without padding. */
export const PasskeyAssertion = z.strictObject({
  credentialId: CredentialId,
  authenticatorData: bytes(1024),
  clientDataJSON: bytes(2048),
  signature: bytes(80).meta({ description: 'DER, as authenticators give it.' }),
  userHandle: bytes(64).optional(),
})
export type PasskeyAssertion = z.output<typeof PasskeyAssertion>

/** What an authenticator answers with when it makes a passkey (section 6.5): each field base64url without padding. */
export const PasskeyRegistration = z.strictObject({
  credentialId: CredentialId,
  attestationObject: bytes(4096),
  clientDataJSON: bytes(2048),
})
export type PasskeyRegistration = z.output<typeof PasskeyRegistration>
