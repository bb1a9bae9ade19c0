import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { type Answer, answering } from '../../test/answering.ts'
import { authApi } from './auth.ts'
import { openTransport } from './transport.ts'

const baseUrl = 'https://accounts.example.com/'
const refresh = (fetch: typeof globalThis.fetch, more = {}) =>
  authApi(openTransport({ baseUrl, fetch, ...more })).refresh('the refresh token')
const good: Answer = { status: 200, body: { credentials: { accessToken: 'a', refreshToken: 'b' } } }

test('tokens go to nobody else, no cache keeps the answer, and the app says who it is', async () => {
  const { fetch, asked } = answering(good)
  expect(await refresh(fetch, { appSecret: 'of the app' })).toEqual({ accessToken: 'a', refreshToken: 'b' })
  expect(asked).toMatchObject([
    {
      url: 'https://accounts.example.com/auth/v1/refresh',
      method: 'POST',
      headers: { 'x-app-secret': 'of the app', 'content-type': 'application/json' },
      body: { refreshToken: 'the refresh token' },
      options: { redirect: 'error', credentials: 'omit', cache: 'no-store', referrerPolicy: 'no-referrer' },
    },
  ])
})

test.each<[string, Answer, object]>([
  ['HTML with 200', { status: 200, body: '<html>' }, { status: 0, message: 'the server answered something else' }],
  ['a list', { status: 200, body: [] }, { status: 0 }],
  ['null', { status: 200, body: null }, { status: 0 }],
  ['a field that is missing', { status: 200, body: {} }, { status: 0 }],
  ['nothing where something was asked for', { status: 204 }, { status: 0 }],
  ['HTML with 502', { status: 502, body: '<html>' }, { status: 502, isOutage: true, message: 'the server refused' }],
  [
    'a refusal to come back to',
    {
      status: 429,
      body: { error: { name: 'TooManyRequests', message: 'too many requests' } },
      headers: { 'retry-after': '7' },
    },
    { status: 429, code: 'TooManyRequests', retryAfter: 7, isOutage: false },
  ],
  ['a name that is none', { status: 400, body: { error: { name: 7 } } }, { status: 400, code: undefined }],
  ['a long message', { status: 400, body: { error: { message: 'x'.repeat(9999) } } }, { message: 'x'.repeat(500) }],
])('an answer that is %s is an error that says little', async (_, answer, expected) => {
  const { fetch } = answering(answer)
  await expect(refresh(fetch)).rejects.toMatchObject({ name: 'AccountsError', ...expected })
})

test('an answer without a body is one where none was asked for, and a page is none', async () => {
  const { fetch } = answering({ status: 204 }, { status: 200, body: '<html>' })
  const { recover } = authApi(openTransport({ baseUrl, fetch }))
  await recover('token')
  await expect(recover('token')).rejects.toMatchObject({ status: 0 })
})

test('no error holds what was sent', async () => {
  const fetch = (_: unknown, { body, headers }: RequestInit = {}) =>
    Promise.reject(new TypeError(`${JSON.stringify(body)} ${JSON.stringify(headers)}`))
  const error: unknown = await refresh(fetch as typeof globalThis.fetch).catch((caught: unknown) => caught)
  expect(inspect(error)).not.toContain('the refresh token')
  expect(error).toMatchObject({ status: 0, isOutage: true, message: 'the server could not be reached' })
})

test('a server that does not answer is given up', async () => {
  const fetch = (_: unknown, { signal }: RequestInit = {}) =>
    new Promise<Response>((_resolve, reject) => {
      signal?.addEventListener('abort', () => reject(new Error('aborted')))
    })
  await expect(refresh(fetch as typeof globalThis.fetch, { deadline: 0.01 })).rejects.toMatchObject({
    message: 'the server did not answer in time',
  })
})

describe('a base URL', () => {
  test.each(['http://accounts.example.com', 'https://a.example?x=1', 'https://user@a.example', 'https://a.example#b'])(
    '%s is refused',
    (url) => {
      expect(() => openTransport({ baseUrl: url })).toThrow(TypeError)
    },
  )
  test.each(['http://localhost:4300', 'http://127.0.0.1', 'https://a.example/under'])('%s is taken', (url) => {
    expect(openTransport({ baseUrl: url })).toBeDefined()
  })
})
