import { jsonApi } from '@strongroom/http/contract'
import { z } from 'zod'
import { AccountId } from './account-id.ts'
import { Email, FactorKeychain, Keychain, Salt, WalletId } from './shapes.ts'

const { givenResource, givenToOne, givenToMany, givenIdentifier, includedResource } = jsonApi

/** The one version of how ids and keys are derived: scrypt, the address in small letters. */
export const KDF_VERSION = 2

export const kdfParameters = { algorithm: 'scrypt', bits: 256, n: 4096, r: 8, p: 1 } as const

const GivenKdf = z.object({
  data: z.object({ id: jsonApi.GivenId.pipe(z.literal(String(KDF_VERSION))), type: z.literal('kdf').optional() }),
})

/** The documents show a bare list; clients send a relationship. */
const GivenSigners = z
  .union([givenToMany('signer'), z.array(givenIdentifier('signer')).max(20)])
  .transform((given) => (Array.isArray(given) ? given : given.data))

const MOST_WEIGHT = 1000
const MOST_ROLE = 4_294_967_295

export const PasswordGiven = includedResource('password', {
  account_id: AccountId,
  keychain_data: FactorKeychain,
  salt: Salt,
})

export const SignerAttributes = {
  role_id: z.int().min(0).max(MOST_ROLE).optional(),
  weight: z.int().min(0).max(MOST_WEIGHT).default(MOST_WEIGHT),
  identity: z.int().min(0).max(MOST_ROLE).default(1),
  details: z.string().max(4096).default('{}'),
}

export const SignerGiven = includedResource('signer', SignerAttributes)

export const TransactionGiven = includedResource('transaction', { envelope: z.string().min(1).max(65_536) })

/** The documents call the relationship `password` at times. */
const factorRelations = { factor: givenToOne('password'), password: givenToOne('password').optional() }

export const NewWalletGiven = givenResource(
  'wallet',
  {
    account_id: AccountId,
    email: Email,
    salt: Salt,
    keychain_data: Keychain,
    verification_code: z.string().max(512).nullish(),
  },
  {
    kdf: GivenKdf,
    ...factorRelations,
    signers: GivenSigners.default([]),
    referrer: z.object({ data: z.object({ id: AccountId }).nullish() }).nullish(),
  },
).extend({ id: WalletId })

export const ChangedWalletGiven = givenResource(
  'wallet',
  { account_id: AccountId.optional(), email: Email.optional(), salt: Salt, keychain_data: Keychain },
  { kdf: GivenKdf, ...factorRelations, transaction: givenToOne('transaction') },
).extend({ id: WalletId, type: z.literal('wallet') })

export const RecoveryWalletGiven = givenResource(
  'recovery-wallet',
  { email: Email, salt: Salt, keychain_data: Keychain },
  {
    kdf: GivenKdf,
    ...factorRelations,
    signer: z.object({ data: z.object({ id: AccountId, type: z.literal('signer').optional() }) }),
  },
).extend({ id: WalletId, type: z.literal('recovery-wallet') })

export const KdfNumber = z.object({ data: z.object({ id: z.literal(KDF_VERSION), type: z.literal('kdf') }) })

export const Session = jsonApi.resource('sessions', { expires_at: z.iso.datetime(), encryption_key: z.string() })

export const WalletResource = jsonApi.resource(
  'wallet',
  {
    account_id: z.string(),
    email: z.string(),
    keychain_data: z.string(),
    verified: z.boolean(),
    last_sent_at: z.iso.datetime().nullable(),
  },
  {
    kdf: KdfNumber,
    factor: jsonApi.toOne('password'),
    referrer: jsonApi.toOne('referrer').optional(),
    session: jsonApi.toOne('sessions').optional(),
  },
)

export const WalletDocument = jsonApi.document(WalletResource, { included: Session })

interface Given {
  readonly data: { readonly relationships: { readonly factor: Named; readonly password?: Named | undefined } }
  readonly included: readonly { readonly type: string; readonly id: string }[]
}
interface Named {
  readonly data: { readonly id: string }
}

/**
 * Exactly one password among what is included, and the one that is meant. A document with other faults is handed over half
 * read, with null among what is included: of that one no more is said.
 */
export function judgeIncluded({ data, included }: Given, context: z.RefinementCtx): void {
  if (context.issues.length > 0) return
  const { factor, password } = data.relationships
  const meant = [factor.data.id, password?.data.id]
  const passwords = included.filter(({ type }) => type === 'password')
  if (passwords.length !== 1 || !meant.includes(passwords[0]?.id)) {
    context.addIssue({ code: 'custom', path: ['included'], message: 'needs exactly one password, the related one' })
  }
}

/** The transaction that is meant, among what is included. */
export function judgeTransaction(
  {
    data,
    included,
  }: {
    readonly data: { readonly relationships: { readonly transaction: Named } }
    readonly included: Given['included']
  },
  context: z.RefinementCtx,
): void {
  if (context.issues.length > 0) return
  const { id } = data.relationships.transaction.data
  const transactions = included.filter(({ type }) => type === 'transaction')
  if (transactions.length !== 1 || transactions[0]?.id !== id) {
    context.addIssue({ code: 'custom', path: ['included'], message: 'needs exactly one transaction, the related one' })
  }
}
