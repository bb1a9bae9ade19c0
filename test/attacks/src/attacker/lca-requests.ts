import type { Question } from './ask.ts'
import type { Aviary } from './canaries.ts'

export interface LcaCast {
  baseUrl: string
  aviary: Aviary
  /** A login that is believed. */
  login: { authToken: string; providerType: string }
  /** A presentation that is believed. */
  vp: string
}

const address = (token: string) => `${token}@canary.example`
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

/** Each endpoint as a client asks it, with a secret in each field. */
export function askLcaProperly({ baseUrl, aviary, login, vp }: LcaCast): Question[] {
  const signed = bearer(vp)
  const post = (path: string, body: object, headers = {}): Question => ({
    method: 'POST',
    url: `${baseUrl}/api${path}`,
    headers,
    body,
  })
  const get = (path: string, query: Record<string, string>): Question => ({
    method: 'GET',
    url: `${baseUrl}/api${path}?${new URLSearchParams(query).toString()}`,
  })
  const share = (name: string) => ({
    encryptedData: aviary.release(name),
    encryptedDek: aviary.release(`key of ${name}`),
    iv: aviary.release(`iv of ${name}`),
  })
  const token = (where: string) => ({ authToken: aviary.release(`token ${where}`), providerType: 'firebase' })
  const contact = (where: string) => ({ type: 'email', value: aviary.release(`contact ${where}`, address) })
  return [
    { ...post('/keys/auth-share', { ...login, authShare: share('share') }, signed), method: 'PUT' },
    {
      ...post('/keys/auth-share', { ...token('in a body'), authShare: share('share beside a bad token') }, signed),
      method: 'PUT',
    },
    post('/keys/auth-share', { ...login, contactMethod: contact('of somebody else') }),
    post('/keys/recovery', { ...login, type: 'passkey', encryptedShare: aviary.release('recovery share') }, signed),
    post('/keys/recovery', { ...login, type: 'phrase' }, bearer(aviary.release('bearer'))),
    post('/keys/recovery-email/add', { ...login, email: aviary.release('recovery address', address) }, signed),
    post('/keys/recovery-email/verify', { ...login, code: aviary.release('code').slice(0, 6) }, signed),
    post('/keys/email-backup', { ...login, emailShare: aviary.release('mailed share'), email: 'ann@canary.example' }),
    post('/keys/email-backup', {
      ...login,
      emailShare: `0001${'ab'.repeat(33)}`,
      email: aviary.release('backup', address),
    }),
    post('/keys/upgrade-contact-method', {
      ...login,
      previousPhone: aviary.release('earlier number'),
      email: aviary.release('new address', address),
      code: '123456',
    }),
    post('/send-login-verification-code', { email: aviary.release('address to prove', address) }),
    post('/verify-login-code', { email: aviary.release('address with a code', address), code: '123456' }),
    get('/keys/recovery', { ...token('in a query'), type: 'passkey', credentialId: aviary.release('credential') }),
    get('/keys/recovery', {
      ...contactQuery(contact('in a query')),
      type: 'passkey',
      credentialId: aviary.release('id'),
    }),
    get('/keys/recovery-email', contactQuery(contact('in a query for an address'))),
    { method: 'GET', url: `${baseUrl}/api/challenges?amount=${aviary.release('amount')}`, headers: signed },
    post('/qr-login/session', { publicKey: aviary.release('public key'), pollTokenDigest: aviary.release('digest') }),
    { ...get('/qr-login/session/12345678', {}), headers: { 'x-poll-token': aviary.release('poll token') } },
    get(`/qr-login/session/${aviary.release('session id')}`, {}),
    post(`/qr-login/session/${aviary.release('session to approve')}/approve`, {
      ...login,
      encryptedPayload: aviary.release('payload'),
      approverDid: `did:key:${aviary.release('approver')}`,
    }),
    post('/qr-login/notify', {
      ...login,
      sessionId: aviary.release('session to tell'),
      shortCode: aviary.release('code'),
    }),
    post('/qr-login/devices', { ...login, kind: 'fcm', token: aviary.release('push token') }),
    post('/keys/restore', { contactMethod: contact('to restore') }, bearer(aviary.release('bearer of a restore'))),
  ]
}

const contactQuery = ({ type, value }: { type: string; value: string }) => ({
  contactMethodType: type,
  contactMethodValue: value,
})

/** The same with mistakes: those are what servers quote in their errors. */
export function askLcaBadly({ baseUrl, aviary, login, vp }: LcaCast): Question[] {
  const url = `${baseUrl}/api/keys/auth-share`
  const put = (body: object | string, headers = {}): Question => ({
    method: 'PUT',
    url,
    headers: { ...bearer(vp), ...headers },
    body,
  })
  return [
    put(aviary.release('unquoted JSON', (token) => `q${token}`)),
    put(`{"authToken":"${aviary.release('cut JSON')}`),
    put(`{"authShare":${aviary.release('JSON without quotes')}}`),
    put({ ...login, authShare: [aviary.release('share in an array')] }),
    put({ ...login, authShare: { encryptedData: { value: aviary.release('share in an object') } } }),
    put({ ...login, authShare: aviary.release('share as a text'), primaryDid: aviary.release('DID') }),
    put({ ...login, shareVersion: aviary.release('version'), securityLevel: aviary.release('security level') }),
    put({ ...login, providerType: aviary.release('provider'), [aviary.release('field name')]: 1 }),
    put({
      ...login,
      authShare: { encryptedData: aviary.release('too long').repeat(10_000), encryptedDek: '', iv: '' },
    }),
    put({ authToken: `${aviary.release('token with a surrogate')}\ud800`, providerType: 'firebase' }),
    put({ ...login, authToken: aviary.release('JWT', (token) => `${login.authToken.split('.')[0] ?? ''}.${token}.x`) }),
    put(`{"a":"${aviary.release('unknown charset')}"}`, { 'content-type': 'application/json; charset=utf-99' }),
    put(`{"a":"${aviary.release('wrong encoding')}"}`, { 'content-encoding': 'gzip' }),
    put({ ...login }, { authorization: aviary.release('authorization without a scheme') }),
    put({ ...login }, { authorization: `Basic ${aviary.release('Basic')}` }),
    put({ ...login }, bearer(`${vp}${aviary.release('end of a presentation')}`)),
    {
      ...put({ ...login }),
      headers: {
        cookie: `session=${aviary.release('cookie')}`,
        referer: `https://canary.example/${aviary.release('referer')}`,
        'user-agent': aviary.release('user agent'),
        'x-tenant-id': aviary.release('tenant'),
        'x-forwarded-for': aviary.release('forwarded for'),
        'x-request-id': aviary.release('request id'),
        traceparent: aviary.release('trace parent'),
      },
    },
    { method: 'GET', url: `${baseUrl}/api/keys/recovery?type=${aviary.release('type in a query')}` },
    { method: 'GET', url: `${baseUrl}/api/${aviary.release('unknown route')}` },
    { method: 'GET', url: `${url}/%E0%A4%A/${aviary.release('broken percent encoding')}` },
    { method: 'PATCH', url: `${url}?q=${aviary.release('query of a wrong method')}`, body: {} },
  ]
}
