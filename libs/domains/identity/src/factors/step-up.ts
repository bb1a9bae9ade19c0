import { type Proof, refusal } from '@strongroom/http/contract'
import { z } from 'zod'
import { tooManyRequests } from '../refusals.ts'

/** The request that factors are verified for: no other, and from nowhere else. */
export interface RequestFacts {
  readonly method: string
  /** Path and query, as sent. */
  readonly target: string
  readonly body: Uint8Array
  readonly ip: string
  readonly userAgent: string
}

/**
 * Which factor an endpoint demands: one by its type, that type where it is enabled, the one that the request is about, the
 * first of those enabled, that first one where the request puts another before it, or the password where the request moves
 * an enabled factor to another number.
 */
export type Demanded =
  | 'password'
  | 'email'
  | 'phone'
  | 'telegram'
  | 'totp-if-enabled'
  | 'that-factor'
  | 'highest'
  | 'highest-if-displaced'
  | 'password-if-moved'

export interface StepUp {
  readonly demands: readonly Demanded[]
  readonly request: RequestFacts
}

/** TokenD's Kotlin client looks for the word "factor" in the first 1000 bytes. */
export const tfaRequired = refusal({
  kind: 'tfa-required',
  status: 403,
  title: 'A factor must be verified for this request.',
  details: {
    detail: z.literal('Additional factor required'),
    code: z.literal('tfa_required'),
    meta: z.object({
      token: z.string(),
      factor_id: z.int(),
      factor_type: z.string(),
      wallet_id: z.string(),
      /** Of a password: what opens with it and signs the token. */
      keychain_data: z.string().optional(),
      salt: z.string().optional(),
      /** Of telegram. */
      bot_url: z.string().optional(),
      /** Of a transaction that is to be signed: what it does. */
      purpose: z.unknown().optional(),
    }),
  },
})

/**
 * A proof that demands factors, one after the other: while one is missing the request is refused with a fresh token for it.
 * The same request from the same source passes once when all are verified, within a minute of the last.
 */
export const stepUp = (...demands: readonly Demanded[]): Proof<StepUp> & { readonly demands: readonly Demanded[] } => ({
  name: `stepUp(${demands.join(', ')})`,
  reads: { header: 'user-agent' },
  refusals: [tfaRequired, tooManyRequests],
  demands,
})

export const byPassword = stepUp('password')
export const byTotp = stepUp('totp-if-enabled')
export const byPasswordAndTotp = stepUp('password', 'totp-if-enabled')
export const byThatFactor = stepUp('highest-if-displaced', 'that-factor')
export const byEmail = stepUp('email')
export const byHighest = stepUp('highest')
export const byPhone = stepUp('password-if-moved', 'phone')
export const byTelegram = stepUp('password-if-moved', 'telegram')
