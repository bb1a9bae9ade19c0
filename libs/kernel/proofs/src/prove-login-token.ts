import { Secret } from '@strongroom/crypto'
import { invalidInput, prover } from '@strongroom/http'
import { z } from 'zod'
import {
  contactMissing,
  type Login,
  loginToken,
  loginTokenRefused,
  type Provider,
  providerNotConfigured,
  providers,
} from './login-token.ts'
import type { Claims, TokenVerifier } from './token-verifier.ts'

export interface LoginTokenDeps {
  /** Who may sign people in here; the others are answered 501. */
  readonly logins: Readonly<Partial<Record<Provider, TokenVerifier>>>
}

const carried = z.object({ authToken: z.instanceof(Secret), providerType: z.enum(providers) })

export const proveLoginToken = prover<LoginTokenDeps>()(loginToken, async ({ input }, { logins }) => {
  const { data, error } = carried.safeParse(input.body ?? input.query)
  // An endpoint may leave both fields out, as in `optional(loginToken)`; one without the other is no token.
  if (error) return invalidInput({ field: `${input.body === undefined ? 'query' : 'body'} ${nameOf(error)}` })
  const { authToken, providerType: provider } = data
  const verifier = logins[provider]
  if (!verifier) return providerNotConfigured()
  const claims = await verifier.verify(authToken)
  if (!claims) return loginTokenRefused[provider]()
  const login = readLogin(provider, claims)
  return login.email === undefined && login.phone === undefined ? contactMissing() : login
})

const nameOf = ({ issues }: z.ZodError) => String(issues[0]?.path[0] ?? 'authToken')

function readLogin(provider: Provider, { issuer, subject, rest }: Claims): Login {
  const email = rest['email_verified'] === true ? readEmail(rest['email']) : undefined
  // Firebase knows no other phone numbers than proved ones; anywhere else a number may be whatever its user typed.
  const proved = provider === 'firebase' || rest['phone_number_verified'] === true
  const phone = proved ? readPhone(rest['phone_number']) : undefined
  return { provider, issuer, subject, ...(email !== undefined && { email }), ...(phone !== undefined && { phone }) }
}

const address = /^[^\s@]+@[^\s@]+$/

function readEmail(claim: unknown): string | undefined {
  if (typeof claim !== 'string' || claim.length > 320) return undefined
  // A to Z alone: Unicode's lower case of the Kelvin sign is k, and its holder would become somebody else.
  const email = claim.trim().replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase())
  return address.test(email) ? email : undefined
}

const readPhone = (claim: unknown): string | undefined =>
  typeof claim === 'string' && /^\+[1-9]\d{6,14}$/.test(claim) ? claim : undefined
