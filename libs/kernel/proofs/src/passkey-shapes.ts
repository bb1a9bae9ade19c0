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

/** What a browser's `PublicKeyCredential.toJSON()` says of a passkey that it made; whatever else it says is not read. */
export const PasskeyRegistrationJson = z
  .object({
    id: CredentialId,
    rawId: CredentialId,
    type: z.literal('public-key'),
    response: z.object({ clientDataJSON: bytes(2048), attestationObject: bytes(4096) }),
    clientExtensionResults: z.object({}).optional(),
  })
  .refine(({ id, rawId }) => id === rawId)
  .meta({ description: 'RegistrationResponseJSON of WebAuthn Level 3.' })
export type PasskeyRegistrationJson = z.output<typeof PasskeyRegistrationJson>

/** One passkey among several: `PublicKeyCredentialDescriptorJSON`. */
export const PasskeyDescriptor = z.object({ id: CredentialId, type: z.literal('public-key') })
export type PasskeyDescriptor = z.output<typeof PasskeyDescriptor>

/** What a passkey is made by: `PublicKeyCredentialCreationOptionsJSON`, as `parseCreationOptionsFromJSON()` reads it. */
export const PasskeyCreationOptions = z.object({
  rp: z.object({ id: z.string(), name: z.string() }),
  user: z
    .object({ id: z.string(), name: z.string(), displayName: z.string() })
    .meta({ description: 'The names are for the client to replace; nobody here keeps them.' }),
  challenge: z.string(),
  pubKeyCredParams: z.array(z.object({ type: z.literal('public-key'), alg: z.literal(-7) })),
  timeout: z.int().meta({ description: 'Milliseconds.' }),
  excludeCredentials: z.array(PasskeyDescriptor),
  authenticatorSelection: z.object({
    residentKey: z.literal('required'),
    requireResidentKey: z.literal(true),
    userVerification: z.literal('required'),
  }),
  attestation: z.literal('none'),
})
export type PasskeyCreationOptions = z.output<typeof PasskeyCreationOptions>
