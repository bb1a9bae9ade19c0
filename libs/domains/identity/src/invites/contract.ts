import { endpoint, jsonApi } from '@strongroom/http/contract'
import { requestSignature } from '@strongroom/proofs/contract'
import { z } from 'zod'
import { conflict, Email, fieldRefused, notAllowed, tooManyRequests } from '../wallets/contract.ts'

const KIBIBYTE = 1024
const MOST_AT_ONCE = 100
const { givenDocument, givenIdentifier, listOf, pageQuery, resource, toOne } = jsonApi
const nothing = z.undefined()

export const inviteTypes = ['whitelist-invite', 'general-invite'] as const
export type InviteType = (typeof inviteTypes)[number]

const SaleId = z.string().regex(/^[0-9A-Za-z_-]{1,64}$/, 'is no id of a sale')
const Sale = givenIdentifier(['sale', 'sales'])

/** The documents show it bare; clients send a relationship. */
const SaleGiven = z
  .union([z.object({ data: Sale }), Sale])
  .transform((given) => ('data' in given ? given.data.id : given.id))
  .pipe(SaleId)

const InviteGiven = z
  .object({
    type: z.enum(inviteTypes),
    attributes: z.object({ email: Email }),
    relationships: z.object({ sales: SaleGiven.optional() }).optional(),
  })
  .superRefine(({ type, relationships }, context) => {
    if (type === 'whitelist-invite' && relationships?.sales === undefined)
      context.addIssue({ code: 'custom', path: ['relationships', 'sales'], message: 'names no sale' })
  })
export type InviteGiven = z.output<typeof InviteGiven>

const creation = {
  method: 'POST',
  proof: requestSignature,
  bodyLimit: 64 * KIBIBYTE,
  reply: { 204: nothing },
  refusals: [notAllowed, conflict, tooManyRequests],
} as const

export const createInvite = endpoint({
  ...creation,
  path: '/invites',
  summary:
    'Invite somebody to a sale, as its owner, or at large, as an administrator: mailed at once, or when they sign up.',
  body: givenDocument(InviteGiven),
})

export const createInvites = endpoint({
  ...creation,
  path: '/invites_multi',
  summary: 'Invite many, or, where one of them is invited already, nobody.',
  body: givenDocument(z.array(InviteGiven).min(1).max(MOST_AT_ONCE)),
})

const Invite = resource(
  inviteTypes,
  { email: z.string() },
  {
    sales: toOne('sales').optional(),
    accounts: toOne('accounts').optional().meta({ description: 'Where there is an account of that address.' }),
  },
)

export const listInvites = endpoint({
  method: 'GET',
  path: '/invites',
  summary: 'Who is invited: to a sale, as its owner, or at all, as an administrator; newest first.',
  proof: requestSignature,
  query: z.object({ ...pageQuery(), 'filter[sale-id]': z.union([z.literal(''), SaleId]).optional() }),
  reply: { 200: listOf(Invite) },
  refusals: [notAllowed, fieldRefused],
})

export const deleteInvites = endpoint({
  method: 'DELETE',
  path: '/invites',
  summary: 'Take invites back, as the owner of their sales or an administrator; those that are none are passed over.',
  proof: requestSignature,
  body: givenDocument(z.array(givenIdentifier(inviteTypes)).min(1).max(MOST_AT_ONCE)),
  reply: { 204: nothing },
  refusals: [notAllowed],
})
