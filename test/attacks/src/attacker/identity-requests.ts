import type { Question } from './ask.ts'
import type { Aviary } from './canaries.ts'
import { type IdentityKey, newIdentityKey, signedBy } from './identity-key.ts'
import {
  factorsUrl,
  type IdentityOwner,
  type IdentityPlace,
  keychainOf,
  newIdentityOwner,
  questionOf,
  recoveryWallet,
  walletBody,
} from './identity-people.ts'
import type { Randomness } from './randomness.ts'

/** What the requests carry: somebody with a wallet, and secrets of which the server knows nothing. */
export interface IdentityCast {
  readonly place: IdentityPlace
  readonly owner: IdentityOwner
  readonly aviary: Aviary
  readonly randomness: Randomness
}

const address = (token: string) => `${token}@canary.example`
const percent = encodeURIComponent

/** An id as it must be, which is a secret: 64 hex digits. */
function idOf({ aviary, randomness }: IdentityCast, where: string): string {
  const id = Array.from({ length: 64 }, () => randomness.integer(16).toString(16)).join('')
  aviary.watch(`id ${where}`, Buffer.from(id))
  return id
}

const secretOwner = (cast: IdentityCast, where: string): IdentityOwner => {
  const { aviary, randomness } = cast
  return newIdentityOwner(randomness, {
    walletId: idOf(cast, where),
    email: aviary.release(`address ${where}`, address),
    keychain: keychainOf(aviary.release(`keychain ${where}`)),
    factorKeychain: keychainOf(aviary.release(`keychain of the password ${where}`)),
  })
}

/** Each endpoint as a client asks it, with a secret in each field that is one. */
export function askIdentityProperly(cast: IdentityCast): Question[] {
  const { place, owner, aviary } = cast
  const { signer: by, accountId } = owner
  const elsewhere = secretOwner(cast, 'elsewhere')
  const thief = { ...secretOwner(cast, 'of a recovery'), signer: newIdentityKey() }
  const otp = (where: string) => ({ token: aviary.release(`token ${where}`), otp: aviary.release(`otp ${where}`) })
  return [
    questionOf(place, `GET /kdf?email=${percent(aviary.release('address in a query', address))}`),
    questionOf(place, `GET /wallets/${idOf(cast, 'in a path')}`),
    questionOf(place, `GET /wallets/${idOf(cast, 'with a place')}?location_lat=${aviary.release('latitude')}`),
    questionOf(place, `POST /wallets/${idOf(cast, 'to verify')}/verification`, { body: {} }),
    questionOf(place, `PUT /wallets/${idOf(cast, 'to be verified')}/verification`, {
      body: { data: { attributes: { token: aviary.release('token of a link') } } },
    }),
    questionOf(place, `GET /wallets/${idOf(cast, 'of factors')}/factors`),
    questionOf(place, `POST /wallets/${owner.walletId}`, { body: walletBody(elsewhere) }),
    questionOf(place, `PUT /wallets/${thief.walletId}`, { by: thief.signer, body: recoveryWallet(thief) }),
    questionOf(place, `POST /wallets/${idOf(cast, 'to restore')}/restoration`, { by }),
    questionOf(place, `POST ${factorsUrl(owner)}`, { by, body: { data: { type: 'totp' } } }),
    questionOf(place, `PUT ${factorsUrl(owner)}/1/verification`, {
      body: { data: { attributes: otp('of a factor') } },
    }),
    questionOf(
      place,
      `GET /sessions/${aviary.release('session', (token) => token.toUpperCase().replaceAll(/[ILOU]/g, 'A')).padEnd(26, '0')}`,
    ),
    questionOf(place, `POST /accounts/${accountId}/blobs`, {
      by,
      body: { data: { type: 'kyc_form', attributes: { value: aviary.release('private text') } } },
    }),
    questionOf(place, `GET /accounts/${accountId}/blobs?fund=${aviary.release('tag')}`, { by }),
    questionOf(place, `PUT /identities/${accountId}/settings`, {
      by,
      body: { data: { attributes: { key: aviary.release('name of a setting'), value: aviary.release('setting') } } },
    }),
    questionOf(place, `GET /identities?filter[identifier]=${percent(aviary.release('identifier', address))}`),
    questionOf(place, `GET /identities?filter[email]=${percent(aviary.release('address looked for', address))}`),
    questionOf(place, `POST /identities`, {
      body: { data: { attributes: { email: aviary.release('address to be', address) } } },
    }),
    questionOf(place, `PUT /identities/${accountId}/settings/passport`, {
      by,
      body: { data: { attributes: { passport: aviary.release('passport') } } },
    }),
    questionOf(place, `POST /v3/transactions`, { body: { tx: aviary.release('envelope') } }),
  ]
}

/** The same with mistakes: those are what servers quote in their errors. */
export function askIdentityBadly(cast: IdentityCast): Question[] {
  const { place, owner, aviary } = cast
  const { baseUrl } = place
  const post = (body: object | string, headers: Record<string, string> = {}): Question => ({
    method: 'POST',
    url: `${baseUrl}/wallets`,
    headers: { 'content-type': 'application/vnd.api+json', ...headers },
    body,
  })
  const wallet = (attributes: object) => walletBody({ ...owner, walletId: 'a'.repeat(64) }, { attributes })
  const path = (what: string): Question => ({ method: 'GET', url: `${baseUrl}${what}` })
  return [
    post(aviary.release('unquoted JSON', (token) => `q${token}`)),
    post(`{"data":{"id":"${aviary.release('cut JSON')}`),
    post(`{"data":${aviary.release('JSON without quotes')}}`),
    post(wallet({ email: [aviary.release('address in an array', address)] })),
    post(wallet({ email: aviary.release('address that is none') })),
    post(wallet({ salt: aviary.release('salt that is none') })),
    post(wallet({ account_id: aviary.release('account that is none') })),
    post(wallet({ keychain_data: { value: aviary.release('keychain in an object') } })),
    post(
      wallet({
        keychain_data: Buffer.from(JSON.stringify({ cipherText: 1, [aviary.release('member')]: 2 })).toString('base64'),
      }),
    ),
    post(wallet({ keychain_data: keychainOf(aviary.release('keychain that is too long').repeat(3_000)) })),
    post(wallet({ verification_code: aviary.release('code of an invitation') })),
    post({ data: { id: aviary.release('id that is none'), type: aviary.release('type') } }),
    post({
      data: aviary.release('data as a text'),
      included: [{ type: 'password', id: aviary.release('id of a password') }],
    }),
    post(`{"a":"${aviary.release('unknown charset')}"}`, { 'content-type': 'application/json; charset=utf-99' }),
    post(`{"a":"${aviary.release('wrong encoding')}"}`, { 'content-encoding': 'gzip' }),
    post(`a=${aviary.release('form')}`, { 'content-type': 'application/x-www-form-urlencoded' }),
    path(`/wallets/${aviary.release('id that is too short')}`),
    path(`/wallets/${'a'.repeat(64)}?public_ip=${aviary.release('query that is none')}`),
    path(`/kdf?email=${aviary.release('query that is no address')}`),
    path(`/sessions/${aviary.release('session that is none')}`),
    path(`/${aviary.release('unknown route')}`),
    path(`/wallets/%E0%A4%A/${aviary.release('broken percent encoding')}`),
    { ...path(`/wallets/${'a'.repeat(64)}?q=${aviary.release('query of a wrong method')}`), method: 'PATCH', body: {} },
    questionOf(place, `PUT ${factorsUrl(owner)}/1/verification`, {
      body: { data: { attributes: { token: 'a', otp: { value: aviary.release('otp in an object') } } } },
    }),
    questionOf(place, `PUT ${factorsUrl(owner)}/${'9'.repeat(30)}/verification`, {
      body: { data: { attributes: { token: aviary.release('token beside a number that is too long'), otp: '1' } } },
    }),
    ...askWithSignatures(cast),
  ]
}

function askWithSignatures({ place, owner, aviary }: IdentityCast): Question[] {
  // Of somebody else: of his own the owner would be answered what he wrote.
  const target = `/identities/${newIdentityKey().id}/settings`
  const signed = signedBy(owner.signer, { method: 'GET', target })['signature'] ?? ''
  const by = (key: IdentityKey) => signedBy(key, { method: 'GET', target })['signature'] ?? ''
  const [, value = ''] = /signature="([^"]*)"/.exec(signed) ?? []
  aviary.watch('signature', Buffer.from(value))
  const stranger = by(newIdentityKey())
  aviary.watch('signature of a stranger', Buffer.from(/signature="([^"]*)"/.exec(stranger)?.[1] ?? ''))
  const withHeaders = (headers: Record<string, string>): Question => ({
    method: 'GET',
    url: `${place.baseUrl}${target}`,
    headers,
  })
  return [
    withHeaders({ signature: signed }),
    withHeaders({ authorization: stranger }),
    withHeaders({ signature: aviary.release('signature that is none') }),
    withHeaders({ signature: signed.replace(value, aviary.release('value of a signature')) }),
    withHeaders({ signature: signed.replace(/keyId="[^"]*"/, `keyId="${aviary.release('key that is none')}"`) }),
    withHeaders({ signature: signed.replace('(request-target)', aviary.release('name to sign')) }),
    withHeaders({ signature: `${signed},${aviary.release('parameter')}="${aviary.release('value of a parameter')}"` }),
    withHeaders({ authorization: `Bearer ${aviary.release('bearer')}` }),
    withHeaders({ signature: signed, 'account-id': aviary.release('account in a header') }),
    withHeaders({
      'x-authsignature': aviary.release('first version’s signature'),
      'x-authpublickey': aviary.release('first version’s key'),
    }),
    withHeaders({
      signature: signed,
      cookie: `session=${aviary.release('cookie')}`,
      referer: `https://canary.example/${aviary.release('referer')}`,
      'user-agent': aviary.release('user agent'),
      'x-forwarded-for': aviary.release('forwarded for'),
      'x-request-id': aviary.release('request id'),
      'real-request-target': aviary.release('real target'),
      traceparent: aviary.release('trace parent'),
      digest: aviary.release('digest'),
    }),
  ]
}
