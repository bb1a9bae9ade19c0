import type { CodePolicy } from '@strongroom/codes'
import type { Budget } from '@strongroom/guesses'
import { type BlobPolicies, usualBlobPolicies } from './blobs/policies.ts'
import { type DocumentPolicies, usualDocumentPolicies } from './documents/policies.ts'
import { type MultisigPolicies, usualMultisigPolicies } from './multisig/policies.ts'
import { type SettingPolicies, usualSettingPolicies } from './settings/policies.ts'

const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** How often, how long, how many: an app may set other numbers. Times are seconds. */
export interface Policies extends BlobPolicies, DocumentPolicies, MultisigPolicies, SettingPolicies {
  /** Whether an address must be verified before its wallet opens. */
  readonly verification: 'required' | 'off'
  /** How long a wallet, or a new address of one, waits to be verified. */
  readonly unverifiedKept: number
  /** How long a token is good that proves an address before there is a wallet: of an invite, or an administrator's. */
  readonly addressTokens: number
  /** Domains whose addresses get no wallet. */
  readonly refusedDomains: readonly string[]
  /** How long a session lasts after it was last read, and how long at all. */
  readonly sessionLifetime: number
  readonly longestSession: number
  /** What a KYC recovery replaced. */
  readonly hold: number
  readonly factors: FactorPolicies
  /** Mails to one mailbox and in all, in a day. */
  readonly mailsPerDay: { readonly recipient: number; readonly inAll: number }
  /** Codes to one number, to numbers that begin alike, and in all, in a day. */
  readonly smsPerDay: { readonly recipient: number; readonly prefix: number; readonly inAll: number }
  /** Invites of one sale owner in a day. */
  readonly invitesPerDay: number
}

export interface FactorPolicies {
  /** How long a demand waits for its answer. */
  readonly lifetime: number
  /** How long after the last answer the request may be made again. */
  readonly window: number
  readonly password: Budget
  readonly totp: Budget
  readonly codes: CodePolicy
  /** What authenticator apps call us. */
  readonly issuer: string
}

export const usualPolicies: Policies = {
  ...usualBlobPolicies,
  ...usualDocumentPolicies,
  ...usualMultisigPolicies,
  ...usualSettingPolicies,
  verification: 'required',
  unverifiedKept: 128 * HOUR,
  addressTokens: 30 * DAY,
  refusedDomains: [],
  sessionLifetime: 10 * MINUTE,
  longestSession: DAY,
  hold: 30 * DAY,
  factors: {
    lifetime: 10 * MINUTE,
    window: MINUTE,
    password: { kind: 'factor-password', guesses: 20, window: 10 * MINUTE, growth: 'steady' },
    totp: { kind: 'factor-totp', guesses: 5, window: 5 * MINUTE, growth: 'doubling' },
    codes: {
      kind: 'factor-code',
      lifetime: 10 * MINUTE,
      tries: 5,
      live: 5,
      sends: [
        { most: 5, window: 10 * MINUTE },
        { most: 20, window: DAY },
      ],
      budget: { kind: 'factor-code', guesses: 10, window: HOUR, growth: 'doubling' },
    },
    issuer: 'Strongroom',
  },
  mailsPerDay: { recipient: 20, inAll: 50_000 },
  smsPerDay: { recipient: 10, prefix: 200, inAll: 5000 },
  invitesPerDay: 1000,
}
