import { allOf, endpoint, jsonApi, optional, refusal } from '@strongroom/http/contract'
import { requestSignature } from '@strongroom/proofs/contract'
import { z } from 'zod'
import { byPhone, byTelegram, tfaRequired } from '../factors/contract.ts'
import {
  AccountId,
  conflict,
  Email,
  fieldRefused,
  notAllowed,
  notFound,
  SignerAttributes,
  SignerGiven,
  tooManyRequests,
  verificationRequired,
} from '../wallets/contract.ts'
import {
  filters,
  IdentityResource,
  ManyIdentitiesGiven,
  MOST_AT_ONCE,
  OneOrManyIdentities,
  pages,
  Passport,
  Phone,
  Telegram,
} from './shapes.ts'

const KIBIBYTE = 1024
const { document, givenDocument, givenResource, givenToMany, listOf, resource, toMany } = jsonApi
const nothing = z.undefined()
const params = z.object({ address: AccountId })

/** A user that registered is removed with the wallet. */
export const userRegistered = refusal({ kind: 'user-registered', status: 403, title: 'The user is registered.' })

export const notSupported = refusal({
  kind: 'not-supported',
  status: 501,
  title: 'This service sends no messages of that kind.',
})

const listing = {
  method: 'GET',
  query: z.object({ ...pages, ...filters }),
  reply: { 200: listOf(IdentityResource) },
} as const

export const listIdentities = endpoint({
  ...listing,
  path: '/identities',
  summary: 'Find out which account is whose, by at least one filter; administrators list them all.',
  proof: optional(requestSignature),
  refusals: [fieldRefused, tooManyRequests],
})

export const listFullIdentities = endpoint({
  ...listing,
  path: '/identities/full',
  summary: 'List identities with all that is known, as an administrator.',
  proof: requestSignature,
  refusals: [notAllowed, fieldRefused],
})

const ManyIdentities = document(z.array(IdentityResource)).extend({
  meta: z.object({
    skipped: z
      .array(z.string())
      .meta({ description: 'Pointers to those whose addresses wallets keep for themselves.' }),
  }),
})

export const createIdentity = endpoint({
  method: 'POST',
  path: '/identities',
  summary:
    'Make an account for whoever verifies an address, or proves a number; it can be paid before. Administrators make many.',
  proof: optional(requestSignature),
  body: OneOrManyIdentities,
  bodyLimit: 64 * KIBIBYTE,
  reply: { 200: z.union([document(IdentityResource), ManyIdentities]) },
  refusals: [notAllowed, fieldRefused, conflict, tooManyRequests],
})

export const createIdentities = endpoint({
  method: 'POST',
  path: '/identities/mass-create',
  summary: 'Make accounts for many addresses and numbers; those that have one are answered as they are.',
  proof: requestSignature,
  body: ManyIdentitiesGiven,
  bodyLimit: 64 * KIBIBYTE,
  reply: { 200: ManyIdentities },
  refusals: [notAllowed, fieldRefused],
})

export const listEmails = endpoint({
  method: 'POST',
  path: '/identities/mass-emails',
  summary: 'Whose accounts these are; `meta.unknown` names those that are nobody’s here.',
  proof: requestSignature,
  body: givenDocument(
    z
      .array(z.object({ id: AccountId, type: z.enum(['account', 'accounts']).optional() }))
      .min(1)
      .max(MOST_AT_ONCE),
  ),
  bodyLimit: 512 * KIBIBYTE,
  reply: { 200: listOf(IdentityResource).extend({ meta: z.object({ unknown: z.array(z.string()) }) }) },
  refusals: [notAllowed, notFound],
})

const setting = { method: 'PUT', params, reply: { 204: nothing } } as const

export const changePhone = endpoint({
  ...setting,
  path: '/identities/:address/settings/phone',
  summary: 'Set one’s number; the code that is sent to it must be verified.',
  proof: allOf({ signed: requestSignature, factors: byPhone }),
  body: givenDocument(z.object({ attributes: z.object({ phone: Phone }) })),
  refusals: [notAllowed, verificationRequired, tfaRequired, notFound, conflict, tooManyRequests],
})

export const changeTelegram = endpoint({
  ...setting,
  path: '/identities/:address/settings/telegram',
  summary: 'Set one’s username on Telegram; the code that the bot sends must be verified.',
  proof: allOf({ signed: requestSignature, factors: byTelegram }),
  body: givenDocument(z.object({ attributes: z.object({ username: Telegram }) })),
  refusals: [notAllowed, verificationRequired, tfaRequired, notFound, conflict, tooManyRequests, notSupported],
})

export const changePassport = endpoint({
  ...setting,
  path: '/identities/:address/settings/passport',
  summary: 'Say what one’s passport is called; nobody verifies it.',
  proof: requestSignature,
  body: givenDocument(z.object({ attributes: z.object({ passport: Passport }) })),
  refusals: [notAllowed, notFound],
})

export const deleteIdentity = endpoint({
  method: 'DELETE',
  path: '/identities/:identifier',
  summary: 'Delete what was made for an address or a number that nobody came for, as an administrator.',
  proof: requestSignature,
  params: z.object({ identifier: z.string().max(320) }),
  reply: { 204: nothing },
  refusals: [notAllowed, userRegistered, notFound],
})

export const requestToken = endpoint({
  method: 'POST',
  path: '/verification',
  summary: 'What verifies an address when a wallet is made: for administrators, who know that it is somebody’s.',
  proof: requestSignature,
  body: givenDocument(givenResource('token-request', { email: Email })),
  reply: { 200: document(resource('verification-token', { token: z.string() })) },
  refusals: [notAllowed],
})

const SignerShown = resource('signer', {
  role_id: z.int(),
  weight: z.int(),
  identity: z.int(),
  details: z.string(),
})

export const createAccount = endpoint({
  method: 'POST',
  path: '/accounts',
  summary: 'Make an account with signers, and no wallet.',
  body: givenDocument(
    z.object({
      id: AccountId,
      type: z.literal('identity-account').optional(),
      relationships: z.object({ signers: givenToMany('signer') }),
    }),
    { included: [SignerGiven] },
  ),
  reply: {
    201: document(
      z.object({
        id: z.string(),
        type: z.literal('identity-account'),
        relationships: z.object({ signers: toMany('signer') }),
      }),
      { included: SignerShown },
    ),
  },
  refusals: [fieldRefused, conflict, tooManyRequests],
})

export const addSigner = endpoint({
  method: 'POST',
  path: '/identities/:address/signers',
  summary: 'Let a service act for an account that is nobody’s yet, as an administrator.',
  proof: requestSignature,
  params,
  body: givenDocument(
    z.object({ id: AccountId, type: z.literal('identity-signer').optional(), attributes: z.object(SignerAttributes) }),
  ),
  reply: {
    201: document(resource('identity-signer', { role_id: z.int(), weight: z.int(), identity: z.int() })),
  },
  refusals: [notAllowed, fieldRefused, userRegistered, notFound],
})
