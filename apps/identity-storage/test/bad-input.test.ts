import { newSeed, signerOf } from '@strongroom/identity-client'
import { afterAll, beforeAll } from 'vitest'
import { describeBadBodies, type Route } from './bad-bodies.ts'
import { changeBody, newPassword, recovering } from './changes.ts'
import { startIdentityStorage, type World } from './client.ts'
import { bodyOf, newOwner, newWallet, type Owner } from './owners.ts'

let world: World
let ann: Owner
beforeAll(async () => {
  world = await startIdentityStorage({ settings: { EMAIL_VERIFICATION: 'off' } })
  ann = await newWallet(world)
})
afterAll(() => world[Symbol.asyncDispose]())

const someone = newOwner({ walletId: 'ab'.repeat(32), email: 'nobody@example.com' })
const wallet = () => `/wallets/${ann.walletId}`

const ids = /\/id$/
const types = /\/type$/
const anyId = (value: unknown) => typeof value === 'string' && value !== '' && value.length <= 512
/** Of what is included: another type is passed over. */
const isOther = (value: unknown) =>
  value === null || (typeof value === 'object' && !Array.isArray(value)) || value !== undefined

/** Types may be left out but where a resource is found by them; ids of relations are any text or number. */
const mayBeInWallet = (pointer: string, value: unknown): boolean =>
  (types.test(pointer) && !pointer.startsWith('/included') && value === undefined) ||
  // A signer that is not included, or not as one, is made of what is usual.
  (/^\/included\/1(\/(type|id))?$/.test(pointer) && (isOther(value) || value === undefined)) ||
  (/^\/included\/1\/attributes\/(role_id|weight|identity|details)$/.test(pointer) && value === undefined) ||
  (pointer === '/included/1/attributes' && typeof value === 'object' && value !== null && !Array.isArray(value)) ||
  (pointer === '/data/relationships/signers' &&
    (value === undefined || (Array.isArray(value) && value.length === 0))) ||
  (pointer === '/data/relationships/signers/data' && Array.isArray(value) && value.length === 0) ||
  (/\/(referrer|referrer\/data|verification_code)$/.test(pointer) &&
    (value === undefined || value === null || value === '')) ||
  // A relationship of nothing but links.
  (pointer.endsWith('/referrer') && typeof value === 'object' && !Array.isArray(value)) ||
  pointer.endsWith('/referrer/data/type') ||
  (ids.test(pointer) && anyId(value) && pointer.includes('/relationships/password')) ||
  (pointer === '/data/relationships/password' && value === undefined)

const referrer = { data: { type: 'referrer', id: signerOf(newSeed()).keyId } }
const newWalletBody = bodyOf(someone, {
  relationships: { referrer, password: { data: { type: 'password', id: someone.walletId } } },
  attributes: { verification_code: 'a code' },
})
const update = changeBody(newPassword(someone), 'AAAA')
const recovery = recovering(someone).body

const routes: readonly Route[] = [
  { what: 'a new wallet', method: 'POST', path: () => '/wallets', body: newWalletBody, mayBe: mayBeInWallet },
  {
    what: 'another address',
    method: 'POST',
    path: wallet,
    body: bodyOf(someone),
    mayBe: (pointer, value) => mayBeInWallet(pointer, value) || pointer.startsWith('/included/1'),
  },
  {
    what: 'another password',
    method: 'PUT',
    path: wallet,
    body: update,
    mayBe: (pointer, value) =>
      (types.test(pointer) && pointer.startsWith('/data/relationships') && value === undefined) ||
      (/^\/data\/attributes\/(account_id|email)$/.test(pointer) && value === undefined) ||
      // Whether it decodes is judged for who signed.
      (pointer.endsWith('/envelope') && typeof value === 'string' && value !== ''),
  },
  {
    what: 'a recovery',
    method: 'PUT',
    path: wallet,
    body: recovery,
    mayBe: (pointer, value) =>
      (types.test(pointer) && pointer.startsWith('/data/relationships') && value === undefined) ||
      // Other clients say there what the relation says here.
      pointer === '/data/attributes/account_id' ||
      pointer.startsWith('/data/relationships/signers'),
  },
  {
    what: 'a verification',
    method: 'PUT',
    path: () => `${wallet()}/verification`,
    body: { data: { type: 'wallet_verification', attributes: { token: 'a token' } } },
    mayBe: (pointer, value) => pointer === '/data/type' && value === undefined,
  },
  {
    what: 'a new factor',
    method: 'POST',
    path: () => `${wallet()}/factors`,
    body: { data: { type: 'totp' } },
  },
  {
    what: 'a factor’s priority',
    method: 'PATCH',
    path: () => `${wallet()}/factors/1`,
    body: { data: { attributes: { priority: 1 } } },
  },
  {
    what: 'an answer to a demand',
    method: 'PUT',
    path: () => `${wallet()}/factors/1/verification`,
    body: { data: { type: 'factor_verification', attributes: { token: 'a token', otp: '123456' } } },
    mayBe: (pointer, value) => pointer === '/data/type' && value === undefined,
  },
  {
    what: 'a transaction',
    method: 'POST',
    path: () => '/v3/transactions',
    body: { tx: 'AAAA', wait_for_ingest: true },
    mayBe: (pointer, value) => pointer === '/wait_for_ingest' && (value === undefined || value === true),
  },
]

describeBadBodies(() => world, routes)
