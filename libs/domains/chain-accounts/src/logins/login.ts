import type { Secret } from '@strongroom/crypto'
import type { Refusal } from '@strongroom/http'
import { invalidProviderToken, unsupportedMethod } from '../refusals.ts'

export type LoginMethod = 'firebase' | 'apple' | 'test'

/** A person as a login provider knows them. An address is told, and never what somebody is found by. */
export interface Login {
  readonly provider: LoginMethod
  /** Who vouches: of Firebase it names the project. The subjects of another are other people. */
  readonly issuer: string
  /** With provider and issuer: the one name of this person that never passes to another. */
  readonly subject: string
  readonly email?: string
  readonly emailVerified: boolean
}

export interface LoginWish {
  readonly method: LoginMethod
  readonly token: Secret
  /** What the app had the provider put into the token, where it did. */
  readonly nonce?: string
  /** Of a redirect code: RFC 7636, section 4.1. */
  readonly codeVerifier?: Secret
  /** Of a redirect code: which of the configured places it was sent to. */
  readonly redirectUri?: string
}

/** Whether something is told that belongs to a redirect code alone. */
export const isOfCode = ({ codeVerifier, redirectUri }: Omit<LoginWish, 'method'>): boolean =>
  codeVerifier !== undefined || redirectUri !== undefined

export type LoginRefusal = Refusal<'unsupported-method'> | Refusal<'invalid-provider-token'>

/** How one provider's tokens are judged; `undefined`: not valid here and now. */
export interface LoginJudge {
  /** @throws ProviderUnavailable where the provider cannot be asked. */
  judge(wish: Omit<LoginWish, 'method'>): Promise<Login | undefined>
}

export interface Logins {
  /** @throws ProviderUnavailable */
  verify(app: { readonly id: string }, wish: LoginWish): Promise<Login | LoginRefusal>
}

export type LoginJudges = Readonly<Partial<Record<LoginMethod, LoginJudge>>>

/** The logins of each app. */
export const loginsOf = (judgesOf: (app: { readonly id: string }) => LoginJudges): Logins => ({
  async verify(app, { method, ...wish }) {
    const { [method]: judge } = judgesOf(app)
    if (!judge) return unsupportedMethod()
    // What is not judged is not taken for judged.
    if (method !== 'firebase' && isOfCode(wish)) return invalidProviderToken()
    return (await judge.judge(wish)) ?? invalidProviderToken()
  },
})
