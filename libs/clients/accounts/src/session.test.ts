import { expect, test, vi } from 'vitest'
import type { Credentials } from './api/answers.ts'
import { AccountsError } from './api/error.ts'
import { newCredentialStore, openSession } from './session.ts'

const pair = (n: number): Credentials => ({ accessToken: `access ${n}`, refreshToken: `refresh ${n}` })
const refused = (code: string, status = 401) => new AccountsError('refused', { status, code })

/** A server to which one access token is good. */
const serverWith = (good: string) =>
  vi.fn<(token: string) => Promise<string>>((token) =>
    token === good ? Promise.resolve('answered') : Promise.reject(refused('InvalidToken')),
  )

async function sessionWith(refresh: (token: string) => Promise<Credentials>, credentials?: Credentials) {
  const store = newCredentialStore()
  await store.write(credentials)
  return { store, session: openSession(store, refresh) }
}

test('an access token that has expired is renewed, and the call made once more', async () => {
  const refresh = vi.fn<(token: string) => Promise<Credentials>>().mockResolvedValue(pair(2))
  const { store, session } = await sessionWith(refresh, pair(1))
  const ask = serverWith('access 2')
  expect(await session.call(ask)).toBe('answered')
  expect(ask.mock.calls).toEqual([['access 1'], ['access 2']])
  expect(refresh.mock.calls).toEqual([['refresh 1']])
  expect(await store.read()).toEqual(pair(2))
})

test('calls at once spend one refresh token', async () => {
  const refresh = vi.fn<(token: string) => Promise<Credentials>>().mockResolvedValue(pair(2))
  const { session } = await sessionWith(refresh, pair(1))
  const ask = serverWith('access 2')
  expect(await Promise.all([session.call(ask), session.call(ask), session.call(ask)])).toHaveLength(3)
  expect(refresh).toHaveBeenCalledTimes(1)
})

test('a call that comes back late takes what was renewed meanwhile', async () => {
  const refresh = vi.fn<(token: string) => Promise<Credentials>>().mockResolvedValue(pair(2))
  const { session } = await sessionWith(refresh, pair(1))
  const held = Promise.withResolvers<void>()
  const server = serverWith('access 2')
  const late = session.call(async (token) => {
    if (token === 'access 1') await held.promise
    return server(token)
  })
  await session.call(server)
  held.resolve()
  expect(await late).toBe('answered')
  expect(refresh).toHaveBeenCalledTimes(1)
})

test('a refresh that is refused ends the session; one that did not arrive does not', async () => {
  const outage = new AccountsError('away', { status: 0 })
  const refresh = vi
    .fn<(token: string) => Promise<Credentials>>()
    .mockRejectedValueOnce(outage)
    .mockRejectedValueOnce(refused('RefreshTokenReused'))
  const { store, session } = await sessionWith(refresh, pair(1))
  const ask = serverWith('none')
  await expect(session.call(ask)).rejects.toBe(outage)
  expect(await store.read()).toEqual(pair(1))
  await expect(session.call(ask)).rejects.toMatchObject({ code: 'RefreshTokenReused' })
  expect(await store.read()).toBeUndefined()
})

test.each([refused('InvalidAppSecret'), refused('Forbidden', 403), refused('NotFound', 404), new RangeError('bug')])(
  'what is no expired token renews nothing',
  async (error) => {
    const refresh = vi.fn<(token: string) => Promise<Credentials>>()
    const { session } = await sessionWith(refresh, pair(1))
    const failing = vi.fn<() => Promise<never>>().mockRejectedValue(error)
    await expect(session.call(failing)).rejects.toBe(error)
    expect(refresh).not.toHaveBeenCalled()
  },
)

test('without credentials nobody is asked', async () => {
  const { session } = await sessionWith(() => Promise.resolve(pair(2)))
  const ask = serverWith('access 2')
  await expect(session.call(ask)).rejects.toMatchObject({ code: 'InvalidToken' })
  await session.begin(pair(2))
  expect(await session.call(ask)).toBe('answered')
  await session.end()
  await expect(session.call(ask)).rejects.toMatchObject({ status: 401 })
  expect(ask).toHaveBeenCalledTimes(1)
})
