import { basic, type Question } from './ask.ts'
import type { Aviary } from './canaries.ts'
import type { Owner } from './owner.ts'

/** What the requests carry: an owner whose PIN is a canary, and one of whom the server knows nothing. */
export interface Cast {
  baseUrl: string
  owner: Owner
  aviary: Aviary
}

const unknownKey = '00000000-0000-4000-8000-000000000000'

const address = (token: string) => `${token}@canary.example`
const percent = encodeURIComponent

/** Each endpoint as a client asks it, with a secret in each field. */
export function askProperly({ baseUrl, owner, aviary }: Cast): Question[] {
  const key = `${baseUrl}/v2/key/${owner.keyId}`
  const userId = (where: string) => aviary.release(`user id in the ${where}`, address)
  const code = { code: '123456' }
  return [
    { method: 'POST', url: `${baseUrl}/v2/key`, body: { pin: aviary.release('PIN at creation') } },
    { method: 'GET', url: key, pin: owner.pin },
    { method: 'GET', url: key, pin: aviary.release('wrong PIN') },
    { method: 'GET', url: `${baseUrl}/v2/key/${unknownKey}`, pin: aviary.release('PIN for an unknown key') },
    { method: 'PUT', url: key, pin: owner.pin, body: { newPin: owner.pin } },
    {
      method: 'PUT',
      url: key,
      pin: aviary.release('wrong PIN at a change'),
      body: { newPin: aviary.release('new PIN') },
    },
    { method: 'DELETE', url: key, pin: aviary.release('wrong PIN at an erasure') },
    { method: 'POST', url: `${key}/user`, pin: owner.pin, body: { userId: userId('body') } },
    { method: 'PUT', url: `${key}/user/${percent(userId('path'))}`, body: { ...code, op: 'verify' } },
    {
      method: 'PUT',
      url: `${key}/user/${percent(userId('path of a reset'))}`,
      body: { ...code, op: 'reset-pin', newPin: aviary.release('new PIN of a reset') },
    },
    { method: 'GET', url: `${key}/user/${percent(userId('path of a code request'))}/reset` },
    { method: 'DELETE', url: `${key}/user/${percent(userId('path of a removal'))}`, pin: owner.pin },
    { method: 'DELETE', url: `${key}/user/${percent(userId('path of a cancellation'))}/reset`, pin: owner.pin },
  ]
}

/** The same with mistakes: those are what servers quote in their errors. */
export function askBadly({ baseUrl, owner, aviary }: Cast): Question[] {
  const keys = `${baseUrl}/v2/key`
  const key = `${keys}/${owner.keyId}`
  const put = (body: string, headers = {}): Question => ({ method: 'PUT', url: key, pin: owner.pin, body, headers })
  return [
    // JSON.parse quotes the text around the place that it cannot read, but not where a number begins.
    { method: 'POST', url: keys, body: aviary.release('unquoted JSON', (token) => `q${token}`) },
    { method: 'POST', url: keys, body: `{"pin":"${aviary.release('cut JSON')}` },
    { method: 'POST', url: keys, body: `{"pin":${aviary.release('JSON without quotes')}}` },
    { method: 'POST', url: keys, body: { pin: [aviary.release('PIN in an array')] } },
    { method: 'POST', url: keys, body: { pin: { value: aviary.release('PIN in an object') } } },
    { method: 'POST', url: keys, body: { pin: `${aviary.release('PIN with a line feed')}\n` } },
    { method: 'POST', url: keys, body: { pin: aviary.release('PIN that is too long', (token) => token.repeat(20)) } },
    {
      method: 'POST',
      url: keys,
      body: { pin: 'short', [aviary.release('field name')]: aviary.release('unknown field') },
    },
    { method: 'POST', url: keys, body: { pin: aviary.release('PIN in a huge body'), filler: 'x'.repeat(2_000_000) } },
    put(`newPin=${aviary.release('form')}`, { 'content-type': 'application/x-www-form-urlencoded' }),
    put(`{"newPin":"${aviary.release('unknown charset')}"}`, { 'content-type': 'application/json; charset=utf-99' }),
    put(`{"newPin":"${aviary.release('wrong encoding')}"}`, { 'content-encoding': 'gzip' }),
    { method: 'GET', url: `${keys}/${aviary.release('key id')}`, pin: owner.pin },
    { method: 'GET', url: `${key}?pin=${aviary.release('query')}`, pin: owner.pin },
    { method: 'GET', url: `${baseUrl}/v1/${aviary.release('unknown route')}` },
    { method: 'GET', url: `${key}/%E0%A4%A/${aviary.release('broken percent encoding')}` },
    { method: 'PATCH', url: `${key}/user/${aviary.release('path of a wrong method')}`, body: {} },
    ...askWithStrangeHeaders({ baseUrl, owner, aviary }),
  ]
}

function askWithStrangeHeaders({ baseUrl, owner, aviary }: Cast): Question[] {
  const url = `${baseUrl}/v2/key/${owner.keyId}`
  const withHeaders = (headers: Record<string, string>): Question => ({ method: 'GET', url, headers })
  return [
    withHeaders({ authorization: `Bearer ${aviary.release('bearer token')}` }),
    withHeaders({ authorization: aviary.release('authorization without a scheme') }),
    withHeaders({ authorization: basic(aviary.release('PIN with basic in lower case')).replace('Basic', 'basic') }),
    withHeaders({ authorization: `Basic ${aviary.release('Basic that is no base64')}!` }),
    withHeaders({ authorization: `Basic ${Buffer.from(aviary.release('Basic without a colon')).toString('base64')}` }),
    withHeaders({
      authorization: basic(owner.pin),
      cookie: `session=${aviary.release('cookie')}`,
      referer: `https://canary.example/cancel/${aviary.release('referer')}`,
      'user-agent': aviary.release('user agent'),
      'x-api-key': aviary.release('API key'),
      'x-forwarded-for': aviary.release('forwarded for'),
      'x-request-id': aviary.release('request id'),
      traceparent: aviary.release('trace parent'),
    }),
  ]
}
