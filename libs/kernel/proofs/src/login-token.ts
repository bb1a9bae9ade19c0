import { Secret } from '@strongroom/crypto'
import { type AnyRefusalKind, type Proof, refusal } from '@strongroom/http/contract'
import { z } from 'zod'

export const providers = ['firebase', 'supertokens', 'keycloak', 'oidc'] as const

/** Who signs people in. */
export type Provider = (typeof providers)[number]

/** For an endpoint that demands `loginToken`: to be spread into its body, or into its query where it has no body. */
export const loginFields = {
  authToken: z
    .string()
    .min(1)
    .max(16_384)
    .refine((text) => text.isWellFormed())
    .transform((text) => new Secret(text))
    .meta({ description: 'The token that the login provider gave: a signed JWT.' }),
  providerType: z.enum(providers).meta({ description: 'Who gave the token.' }),
}

/** A person as a login provider knows them. At least one of e-mail and phone is there, and proved to the provider. */
export interface Login {
  readonly provider: Provider
  /** With the subject: the one name of this person that never passes to another. */
  readonly issuer: string
  readonly subject: string
  /** Trimmed, A to Z in lower case. */
  readonly email?: string
  /** E.164. */
  readonly phone?: string
}

const tokenRefused = <const Kind extends string>(kind: Kind, provider: string) =>
  refusal({ kind, status: 401, title: `Invalid ${provider} token` })

/** Bad, expired, of another project: the caller is not told which. */
export const loginTokenRefused = {
  firebase: tokenRefused('firebase-token-refused', 'Firebase'),
  supertokens: tokenRefused('supertokens-token-refused', 'SuperTokens'),
  keycloak: tokenRefused('keycloak-token-refused', 'Keycloak'),
  oidc: tokenRefused('oidc-token-refused', 'OIDC'),
} as const satisfies Record<Provider, AnyRefusalKind>

export const providerNotConfigured = refusal({
  kind: 'provider-not-configured',
  status: 501,
  title: 'This login provider is not configured',
})

export const contactMissing = refusal({
  kind: 'contact-missing',
  status: 400,
  title: 'User must have an email or phone number',
})

/** A login provider's token in the fields `authToken` and `providerType`, as LearnCard's clients send it. */
export const loginToken: Proof<Login> = {
  name: 'loginToken',
  reads: { field: 'authToken' },
  refusals: [providerNotConfigured, ...Object.values(loginTokenRefused), contactMissing],
}
