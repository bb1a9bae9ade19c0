import { newDevice } from '@strongroom/mpc-auth/testing'
import type { Question } from './ask.ts'
import type { Aviary } from './canaries.ts'
import type { SettledDuo, Scan } from './duo-people.ts'

/** What the requests carry: somebody with everything, and secrets of which the server knows nothing. */
export interface DuoCast {
  readonly baseUrl: string
  readonly hooksUrl: string
  readonly nodeSecret: string
  readonly owner: SettledDuo
  readonly aviary: Aviary
}

const base64 = (token: string): string => Buffer.from(token).toString('base64')

const scanOf = (aviary: Aviary, where: string): Scan & { user_agent: string } => ({
  face_scan: aviary.release(`face scan ${where}`, base64),
  audit_trail_image: aviary.release(`picture ${where}`, base64),
  low_quality_audit_trail_image: aviary.release(`low picture ${where}`, base64),
  user_agent: aviary.release(`user agent ${where}`),
})

/** Each endpoint as a client asks it, with a secret in each field that is one. */
export function askDuoProperly({ hooksUrl, nodeSecret, owner, aviary }: DuoCast): Question[] {
  const { person, device, keyId } = owner
  const node = (hook: string, body: object): Question => ({
    method: 'POST',
    url: `${hooksUrl}/hooks/${hook}`,
    headers: { authorization: `Bearer ${nodeSecret}` },
    body,
  })
  const backup = { key_id: keyId, encrypted_keyshare: aviary.release('share', base64) }
  return [
    person.question('POST', '/auth/users/register', { display_name: aviary.release('display name') }),
    person.question('POST', '/auth/devices/register', {
      device_id: newDevice().key,
      signature: device.sign('00'.repeat(32)),
      device_name: aviary.release('device name'),
      ...scanOf(aviary, 'of a device'),
    }),
    person.question('POST', '/auth/face/register', scanOf(aviary, 'to register')),
    {
      ...person.question('GET', '/auth/face/session-token'),
      headers: {
        ...person.question('GET', '/').headers,
        'x-user-agent': aviary.release('user agent of an SDK'),
      },
    },
    person.question('POST', '/v2/keyshare/backup', { keyshares: [backup] }),
    person.question('POST', '/v2/keyshare/recover', { key_ids: [keyId], ...scanOf(aviary, 'to recover') }),
    person.question('GET', `/transactions?cursor=${aviary.release('cursor')}`),
    person.question('GET', `/transactions?type=${aviary.release('type in a query')}`),
    person.question('GET', `/auth/devices/challenge/${aviary.release('device key in a path')}`),
    person.question('DELETE', `/v2/devices/${aviary.release('device key to revoke')}`),
    node('dkg-setup', { token: aviary.release('device of a generation'), setup: {}, instance: '00'.repeat(32) }),
    node('dsg-setup', {
      token: device.key,
      setup: { key_id: [aviary.release('unknown tag')], message: [aviary.release('message that is none')] },
      instance: '00'.repeat(32),
    }),
    node('key-id', {
      token: device.key,
      key_id: aviary.release('key id, of no generation'),
      instance: '11'.repeat(32),
    }),
    { ...node('dkg-setup', {}), headers: { authorization: `Bearer ${aviary.release('secret of no node')}` } },
  ]
}

/** The same with mistakes: those are what servers quote in their errors. */
export function askDuoBadly({ baseUrl, hooksUrl, nodeSecret, owner, aviary }: DuoCast): Question[] {
  const { person } = owner
  const register = `${baseUrl}/auth/devices/register`
  const bearer = { authorization: `Bearer ${person.token}` }
  const post = (body: object | string, headers = {}, url = register): Question => ({
    method: 'POST',
    url,
    headers: { ...bearer, ...headers },
    body,
  })
  const backup = `${baseUrl}/v2/keyshare/backup`
  return [
    post(aviary.release('unquoted JSON')),
    post(`{"device_id":"${aviary.release('cut JSON')}`),
    post(`{"device_id":${aviary.release('JSON without quotes')}}`),
    post({ device_id: [aviary.release('key in an array')], signature: aviary.release('signature that is none') }),
    post({ device_id: newDevice().key, signature: { value: aviary.release('signature in an object') } }),
    post({ device_id: aviary.release('key that is none'), [aviary.release('field name')]: 1 }),
    post({ face_scan: aviary.release('half a scan', base64) }),
    post(aviary.release('unquoted stream'), {}, backup),
    post(`{"keyshares":[{"key_id":"a","encrypted_keyshare":"${aviary.release('cut share')}`, {}, backup),
    post(
      { keyshares: [{ key_id: 'a', encrypted_keyshare: aviary.release('share that is no base64', (t) => `${t}!`) }] },
      {},
      backup,
    ),
    post({ keyshares: [{ key_id: aviary.release('key id with a space', (t) => `${t} x`) }] }, {}, backup),
    post({ keyshares: { [aviary.release('name in a stream')]: aviary.release('value in a stream') } }, {}, backup),
    post(`{"a":"${aviary.release('unknown charset')}"}`, { 'content-type': 'application/json; charset=utf-99' }),
    post(`{"a":"${aviary.release('wrong encoding')}"}`, { 'content-encoding': 'gzip' }),
    post(`a=${aviary.release('form')}`, { 'content-type': 'application/x-www-form-urlencoded' }),
    post({}, { authorization: aviary.release('authorization without a scheme') }),
    post({}, { authorization: `Basic ${aviary.release('Basic')}` }),
    post({}, { authorization: `Bearer ${aviary.release('bearer')}` }),
    post({}, { authorization: `Bearer ${person.token.split('.')[0] ?? ''}.${aviary.release('claims')}.x` }),
    post({}, { authorization: `Bearer ${person.token}${aviary.release('end of a token')}` }),
    {
      ...post({}),
      headers: {
        ...bearer,
        cookie: `session=${aviary.release('cookie')}`,
        referer: `https://canary.example/${aviary.release('referer')}`,
        'user-agent': aviary.release('user agent'),
        'x-forwarded-for': aviary.release('forwarded for'),
        'x-request-id': aviary.release('request id'),
        traceparent: aviary.release('trace parent'),
      },
    },
    { ...post(aviary.release('unquoted hook')), url: `${hooksUrl}/hooks/dkg-setup` },
    {
      ...post(`{"token":"${aviary.release('cut hook')}`, { authorization: `Bearer ${nodeSecret}` }),
      url: `${hooksUrl}/hooks/dsg-setup`,
    },
    { method: 'GET', url: `${hooksUrl}/${aviary.release('unknown hook')}` },
    { method: 'GET', url: `${baseUrl}/v2/${aviary.release('unknown route')}` },
    { method: 'GET', url: `${register}/%E0%A4%A/${aviary.release('broken percent encoding')}` },
    { method: 'PATCH', url: `${register}?q=${aviary.release('query of a wrong method')}`, body: {} },
  ]
}
