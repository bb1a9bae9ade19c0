import { inspect } from 'node:util'
import { Secret } from '@strongroom/crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { refuse, signerIn } from '../../test/fake-identity-storage.ts'
import { owner, routes, signer, walletId } from '../../test/routes.ts'
import { type ServedIdentityStorage, serveIdentityStorage } from '../../test/serve-identity-storage.ts'
import { type IdentityApi, openIdentityApi } from './api.ts'
import { IdentityError } from './error.ts'

let served: ServedIdentityStorage
let api: IdentityApi
beforeAll(async () => {
  served = await serveIdentityStorage()
  api = openIdentityApi({ baseUrl: `${served.url}/` })
})
afterAll(() => served[Symbol.asyncDispose]())
beforeEach(() => {
  served.seen.length = 0
})

const caught = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  )

describe('a call', () => {
  test.each(routes)('%s is sent as published', async (call, ask, { by, body }) => {
    const error = await caught(ask(api))
    expect(error === undefined || error instanceof IdentityError).toBe(true)
    const [sent] = served.seen
    expect(`${sent?.method ?? ''} ${sent?.target ?? ''}`).toBe(call)
    expect(sent && signerIn(sent)).toBe(by === 'owner' ? signer.keyId : undefined)
    expect(sent?.headers['account-id']).toBe(by === 'owner' ? owner.accountId : undefined)
    expect(sent?.headers['authorization']).toBeUndefined()
    expect(sent?.text).toBe(body ? JSON.stringify(body) : '')
    expect(sent?.headers['accept']).toBe('application/vnd.api+json')
    expect(sent?.headers['content-type']).toBe(body && 'application/vnd.api+json')
  })

  test('says nothing to the console', async () => {
    const words = ['log', 'info', 'warn', 'error', 'debug'] as const
    const spies = words.map((name) => vi.spyOn(console, name).mockImplementation(() => undefined))
    for (const [, ask] of routes) await caught(ask(api))
    expect(spies.flatMap(({ mock }) => mock.calls)).toEqual([])
    vi.restoreAllMocks()
  })

  test('that is strict covers date and body, and no two of one second are signed alike, in two pages either', async () => {
    const signing = { profile: 'strict', clock: () => new Date('2018-01-05T21:31:40Z') } as const
    const tabs = [1, 2].map(() => openIdentityApi({ baseUrl: served.url, ...signing }))
    for (const tab of [...tabs, ...tabs]) await caught(tab.factors.createTotp(owner))
    expect(served.seen.map(signerIn)).toEqual(Array.from({ length: 4 }, () => signer.keyId))
    expect(new Set(served.seen.map(({ headers }) => headers['date'])).size).toBe(1)
    const signatures = served.seen.map(({ headers }) => headers['signature'])
    expect(new Set(signatures).size).toBe(4)
    expect(signatures[0]).toContain('headers="(request-target) date digest x-nonce"')
  })

  test('is signed by the clock that it is given', async () => {
    const signing = { profile: 'strict', clock: () => new Date('2018-01-05T21:31:40.999Z') } as const
    await caught(openIdentityApi({ baseUrl: served.url, ...signing }).factors.list(owner))
    expect(served.seen[0]?.headers['date']).toBe('Fri, 05 Jan 2018 21:31:40 GMT')
  })

  test('that its signer refuses is not sent', async () => {
    const refused = { ...owner, signer: { ...signer, sign: () => Promise.reject(new Error('the owner said no')) } }
    await expect(api.factors.list(refused)).rejects.toThrow('the owner said no')
    expect(served.seen).toEqual([])
  })
})

describe('an answer', () => {
  test('with ids in numbers, null among its resources and none at all, is read', async () => {
    const factors = { data: [{ id: 1, type: 'password', attributes: { priority: 100 } }] }
    served.answerNext({ status: 200, body: factors })
    expect(await api.factors.list(owner)).toEqual([{ id: '1', type: 'password', priority: 100 }])
    served.answerNext({ status: 204 })
    expect(await api.ask({ method: 'GET', path: '/x' })).toEqual({ data: [], included: [], links: {} })
    served.answerNext({ status: 200, body: { data: [], included: [null], links: { self: '/a', next: null } } })
    expect(await api.ask({ method: 'GET', path: '/x' })).toEqual({ data: [], included: [], links: { self: '/a' } })
  })

  test('with a wallet has its session as secrets', async () => {
    const session = { id: '01D78X', type: 'sessions', attributes: { expires_at: 'then', encryption_key: 'ff' } }
    const attributes = { account_id: 'G', keychain_data: 'k', verified: true }
    const relationships = { session: { data: { id: '01D78X', type: 'sessions' } } }
    const data = { id: walletId, type: 'wallet', attributes, relationships }
    served.answerNext({ status: 200, body: { data, included: [null, session] } })
    const wallet = await api.getWallet(owner.id)
    expect(wallet.session?.id.equals(new Secret('01D78X'))).toBe(true)
    expect(JSON.parse(JSON.stringify(wallet))).toEqual({
      id: '[secret]',
      accountId: 'G',
      keychainData: 'k',
      isVerified: true,
      session: { id: '[secret]', expiresAt: 'then', encryptionKey: '[secret]' },
    })
    served.answerNext({ status: 200, body: { data: { id: walletId, type: 'wallet', attributes } } })
    expect((await api.getWallet(owner.id)).session).toBeUndefined()
  })

  test.each([
    ['a page of HTML', '<html>'],
    ['another resource', { data: { id: '1', type: 'blob', attributes: {} } }],
    ['no type', { data: { id: '1' } }],
    ['no data', { meta: {} }],
  ])('that is %s is none', async (_, body) => {
    for (const ask of [() => api.getWallet(owner.id), () => api.kdf()]) {
      served.answerNext({ status: 200, body })
      await expect(ask()).rejects.toMatchObject({ status: 0, message: 'the server answered something else' })
    }
    served.answerNext({ status: 200, body: '<html>' })
    await expect(api.resendVerification(owner.id)).rejects.toMatchObject({ status: 0 })
  })
})

describe('a refusal', () => {
  test('is its status, code, sentence and fields', async () => {
    const fields = [
      { field: '/data/attributes/email', error: 'cannot be blank' },
      { field: '/data/id', error: 'no hex' },
    ]
    const errors = fields.map((meta) => ({ title: 'Bad Request', status: '400', detail: 'no', meta }))
    served.answerNext({ status: 400, body: { errors } })
    const error = await caught(api.kdf())
    expect(error).toMatchObject({ status: 400, message: 'no', detail: 'no', fields, isOutage: false })
    expect((error as IdentityError).meta).toEqual(fields[0])
    served.answerNext(refuse(403, { code: 'verification_required' }))
    expect(await caught(api.kdf())).toMatchObject({ code: 'verification_required', message: 'Forbidden' })
    served.answerNext({ status: 503, body: '<html>', headers: { 'retry-after': '7' } })
    expect(await caught(api.kdf())).toMatchObject({ status: 503, retryAfter: 7, isOutage: true })
    served.answerNext(refuse(400, { detail: 'x'.repeat(9999) }))
    expect(await caught(api.kdf())).toMatchObject({ message: 'x'.repeat(500) })
  })

  test('for want of a factor says which, and prints nothing of it', async () => {
    const meta = { token: 'tok-1', factor_id: 7, factor_type: 'telegram', wallet_id: walletId, bot_url: 'https://t/b' }
    served.answerNext(refuse(403, { code: 'tfa_required', detail: 'Additional factor required', meta }))
    const error = (await caught(api.kdf())) as IdentityError
    expect(error.factor).toMatchObject({ factorId: '7', factorType: 'telegram', botUrl: 'https://t/b' })
    expect(error.factor?.token.equals(new Secret('tok-1'))).toBe(true)
    const printed = `${inspect(error, { depth: 9 })} ${JSON.stringify(error)} ${String(error)}`
    expect(printed).not.toMatch(/tok-1|abab/)
    expect(printed).toContain('Additional factor required')
  })

  test('that names no factor that could be proven is no demand', async () => {
    served.answerNext(refuse(403, { code: 'tfa_required', meta: { token: 't' } }))
    expect(((await caught(api.kdf())) as IdentityError).factor).toBeUndefined()
  })
})

describe('a server that is away', () => {
  test('is an outage, and no error holds what was sent', async () => {
    const nowhere = openIdentityApi({ baseUrl: 'http://127.0.0.1:1' })
    const errors = await Promise.all(routes.map(([, ask]) => caught(ask(nowhere))))
    expect(errors.every((error) => error instanceof IdentityError && error.isOutage)).toBe(true)
    expect(inspect(errors, { depth: 9 })).not.toMatch(/abab|cdcd|4402502a|012345|JOqI/)
  })

  test('that hangs is given up on', async () => {
    const hasty = openIdentityApi({ baseUrl: served.url, deadline: 0.1 })
    served.answerNext('hang')
    await expect(hasty.kdf()).rejects.toMatchObject({ status: 0, message: 'the server did not answer in time' })
  })

  test('and sends elsewhere is not followed', async () => {
    served.answerNext({ status: 307, headers: { location: `${served.url}/kdf` } })
    await expect(api.kdf()).rejects.toMatchObject({ status: 0 })
    expect(served.seen).toHaveLength(1)
  })
})

test.each([
  'http://wallets.example.com',
  'http://localhost.example.com',
  'https://a:b@wallets.example.com',
  'https://wallets.example.com/?a=1',
  'wallets',
])('the base URL %s is refused', (baseUrl) => {
  expect(() => openIdentityApi({ baseUrl })).toThrow(TypeError)
})
