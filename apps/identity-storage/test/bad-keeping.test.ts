import { newSeed, signerOf } from '@strongroom/identity-client'
import { afterAll, beforeAll } from 'vitest'
import { describeBadBodies, type Route } from './bad-bodies.ts'
import { startIdentityStorage, type World } from './client.ts'
import { newWallet, type Owner } from './owners.ts'
import { atLarge, blob, document, owned, toSale } from './resources.ts'

let world: World
let ann: Owner
beforeAll(async () => {
  world = await startIdentityStorage({ settings: { EMAIL_VERIFICATION: 'off' } })
  ann = await newWallet(world)
})
afterAll(() => world[Symbol.asyncDispose]())

const key = signerOf(newSeed()).keyId
const signer = { id: key, type: 'signer', attributes: { role_id: 2, weight: 1000, identity: 1, details: '{}' } }
const account = () => `/accounts/${ann.accountId}`
const identity = (rest: string) => () => `/identities/${ann.accountId}/${rest}`
const given = (attributes: object) => ({ data: { attributes } })

type MayBe = NonNullable<Route['mayBe']>
const either =
  (...all: readonly MayBe[]): MayBe =>
  (pointer, value) =>
    all.some((mayBe) => mayBe(pointer, value))

const isObject = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value)
const isText = (value: unknown) => typeof value === 'string' && value !== ''

/** Left out. */
const absent =
  (...places: readonly RegExp[]): MayBe =>
  (pointer, value) =>
    value === undefined && places.some((place) => place.test(pointer))

/** What has nothing in it that must be there. */
const empty =
  (place: RegExp): MayBe =>
  (pointer, value) =>
    isObject(value) && place.test(pointer)

const anyText =
  (place: RegExp): MayBe =>
  (pointer, value) =>
    isText(value) && place.test(pointer)

/** Types of identifiers beside a relationship are not read. */
const unread =
  (place: RegExp): MayBe =>
  (pointer) =>
    place.test(pointer)

const tagged = { fund: { data: { id: '12' } } }
/** Another member of relationships is a tag, and a pointer names it. */
const ofBlobs = either(
  absent(/\/(relationships|owner|fund)$/),
  empty(/\/relationships$/),
  anyText(/\/value$/),
  unread(/\/data\/type$/),
)
const ofDocuments = either(absent(/\/(relationships|owner)$/), empty(/\/relationships$/), unread(/\/data\/type$/))
const ofIdentities = absent(/\/type$/)
const ofSales = either(
  absent(/\/sales(\/data)?\/type$/),
  // A text of letters and digits may be the id of a sale.
  (pointer, value) => pointer.endsWith('/id') && isText(value) && String(value).length <= 64,
)
const ofSigners = absent(/\/(role_id|weight|identity|details)$/)

/** Whether they are JSON the ledger’s rules say, of the signer as a whole. */
const ofDetails: MayBe = (pointer, value) => pointer.endsWith('/details') && typeof value === 'string'

/** Others than signers are passed over among what is included. */
const ofIncluded: MayBe = (pointer, value) =>
  /^\/included\/0(\/type)?$/.test(pointer) || (pointer === '/included' && (value === undefined || Array.isArray(value)))

const routes: readonly Route[] = [
  {
    what: 'a blob of an account',
    method: 'POST',
    path: () => `${account()}/blobs`,
    body: blob('alpha', 'a text', tagged),
    mayBe: ofBlobs,
    tooLong: 3_000_000,
  },
  {
    what: 'a blob',
    method: 'POST',
    path: () => '/blobs',
    body: blob('kyc_form', 'a text', { ...owned(key), ...tagged }),
    mayBe: ofBlobs,
    tooLong: 3_000_000,
  },
  {
    what: 'a document of an account',
    method: 'POST',
    path: () => `${account()}/documents`,
    body: document('kyc_poa', owned(key)),
    mayBe: ofDocuments,
  },
  {
    what: 'a document',
    method: 'POST',
    path: () => '/documents',
    body: document('kyc_poa', owned(key)),
    mayBe: ofDocuments,
  },
  {
    what: 'a setting',
    method: 'PUT',
    path: identity('settings'),
    body: given({ key: 'locale', value: 'en' }),
    mayBe: (pointer, value) => pointer.endsWith('/value') && value !== undefined,
  },
  { what: 'a number', method: 'PUT', path: identity('settings/phone'), body: given({ phone: '+380501234567' }) },
  { what: 'a username', method: 'PUT', path: identity('settings/telegram'), body: given({ username: '@ann_example' }) },
  { what: 'a passport', method: 'PUT', path: identity('settings/passport'), body: given({ passport: 'AB 123' }) },
  {
    what: 'an identity',
    method: 'POST',
    path: () => '/identities',
    body: { data: { type: 'identity', attributes: { email: 'a@example.com' } } },
    mayBe: ofIdentities,
  },
  {
    what: 'many identities',
    method: 'POST',
    path: () => '/identities/mass-create',
    body: { data: [{ type: 'identity', attributes: { phone_number: '+380501234567' } }] },
    mayBe: ofIdentities,
  },
  {
    what: 'whose accounts these are',
    method: 'POST',
    path: () => '/identities/mass-emails',
    body: { data: [{ id: key, type: 'account' }] },
    mayBe: absent(/\/type$/),
    tooLong: 600_000,
  },
  {
    what: 'what verifies an address',
    method: 'POST',
    path: () => '/verification',
    body: { data: { type: 'token-request', attributes: { email: 'a@example.com' } } },
    mayBe: absent(/\/type$/),
  },
  {
    what: 'an account',
    method: 'POST',
    path: () => '/accounts',
    body: {
      data: { id: key, type: 'identity-account', relationships: { signers: { data: [{ id: key, type: 'signer' }] } } },
      included: [signer],
    },
    mayBe: either(
      absent(/\/data\/type$/, /\/data\/0\/type$/),
      ofSigners,
      ofDetails,
      ofIncluded,
      empty(/^\/included\/0\/attributes$/),
    ),
  },
  {
    what: 'a signer',
    method: 'POST',
    path: identity('signers'),
    body: { data: { ...signer, type: 'identity-signer' } },
    mayBe: either(absent(/\/type$/), ofSigners, empty(/\/attributes$/), ofDetails),
  },
  {
    what: 'an invite to a sale',
    method: 'POST',
    path: () => '/invites',
    body: { data: toSale('a@example.com', '12') },
    mayBe: ofSales,
  },
  {
    what: 'many invites',
    method: 'POST',
    path: () => '/invites_multi',
    body: { data: [atLarge('a@example.com')] },
  },
  {
    what: 'invites that are taken back',
    method: 'DELETE',
    path: () => '/invites',
    body: { data: [{ id: '7', type: 'whitelist-invite' }] },
    mayBe: either(absent(/\/type$/), (pointer, value) => pointer.endsWith('/id') && isText(value)),
  },
  {
    what: 'a stored signer',
    method: 'POST',
    path: () => `/integrations/multisig${account()}/signers`,
    body: { data: { type: 'signer', attributes: { role_id: 2, weight: 500 } } },
    mayBe: absent(/\/type$/),
  },
  {
    what: 'a transaction to be signed',
    method: 'POST',
    path: () => '/integrations/multisig/transactions',
    body: { tx: 'AAAA', wait_for_ingest: true },
    mayBe: (pointer, value) => pointer === '/wait_for_ingest' && (value === undefined || value === true),
  },
]

describeBadBodies(() => world, routes)
