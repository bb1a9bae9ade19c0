import { inspect } from 'node:util'
import { Secret } from '@strongroom/crypto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type ServedIdentityStorage, serveIdentityStorage } from '../../test/serve-identity-storage.ts'
import { type IdentityApi, openIdentityApi } from '../api/api.ts'
import type { FactorDemand } from '../api/error.ts'
import type { FactorAnswer } from '../api/with-factor.ts'
import { newSeed, signerOf } from '../signer.ts'
import { readVerificationLink } from '../verification-link.ts'
import { changeEmail } from './change-email.ts'
import { changePassword, type SignerChange } from './change-password.ts'
import { enableTotp } from './enable-totp.ts'
import type { OpenWallet } from './open-wallet.ts'
import { recover } from './recover.ts'
import { findWalletId, signIn } from './sign-in.ts'
import { signUp } from './sign-up.ts'

const email = 'Ann@Example.com'
const [password, newPassword] = [new Secret('password'), new Secret('another password')]

let served: ServedIdentityStorage
let api: IdentityApi
beforeEach(async () => {
  served = await serveIdentityStorage()
  api = openIdentityApi({ baseUrl: served.url })
})
afterEach(() => served[Symbol.asyncDispose]())

const fromTelephone: FactorAnswer = ({ factorType }) =>
  Promise.resolve(new Secret(served.storage.codes[factorType as 'totp' | 'email']))
const onTelephone = () => fromTelephone({ factorType: 'totp' } as FactorDemand)
const buildSignerChange = ({ accountId, signer, newSignerId }: SignerChange) =>
  Promise.resolve(`${accountId}: ${signer.keyId} -> ${newSignerId}`)
const textOf = (secret: Secret | undefined) => secret && Buffer.from(secret.expose()).toString()
const seedsOf = ({ seeds }: OpenWallet) => seeds.map((seed) => Buffer.from(seed.expose()).toString('hex'))

describe('a wallet', () => {
  test('that is made opens by its address in any case and its password', async () => {
    const made = await signUp(api, { email, password })
    expect(served.calls()).toEqual(['GET /kdf', 'GET /v3/key_values/signer_role:default', 'POST /wallets'])
    expect([made.isVerified, made.signer.keyId, made.session !== undefined]).toEqual([true, made.accountId, true])
    const opened = await signIn(api, { email: 'ann@example.COM', password })
    expect([seedsOf(opened), opened.accountId]).toEqual([seedsOf(made), made.accountId])
    expect(textOf(opened.id)).toBe(textOf(made.id))
    expect(await api.factors.list(opened)).toEqual([{ id: '1', type: 'password', priority: 100 }])
  })

  test('leaves with its id, encrypted twice under two salts, and with nothing of password or key', async () => {
    const made = await signUp(api, { email, password, roleId: 5, signers: [] })
    const sent = served.seen.at(-1)?.text ?? ''
    expect(sent).toContain('"role_id":5')
    expect(sent).not.toMatch(/"S[A-Z2-7]{55}"|password"[^}]*"seed/)
    const { data, included } = JSON.parse(sent) as { data: { attributes: object }; included: { attributes: object }[] }
    const [wallet, factor] = [data.attributes, included[0]?.attributes] as Record<string, string>[]
    for (const name of ['salt', 'account_id', 'keychain_data']) expect(wallet?.[name]).not.toBe(factor?.[name])
    expect(inspect(made, { depth: 9 })).not.toContain(textOf(made.id))
  })

  test('is found by no other password', async () => {
    await signUp(api, { email, password })
    await expect(signIn(api, { email, password: newPassword })).rejects.toMatchObject({ status: 404 })
    await expect(signIn(api, { email: 'bob@example.com', password })).rejects.toMatchObject({ status: 404 })
  })

  test('is verified by the link of the mail, and says until then that it is not, though it has a session', async () => {
    served.storage.isVerificationRequired = true
    const made = await signUp(api, { email, password })
    expect([made.isVerified, made.session !== undefined]).toEqual([false, true])
    await expect(signIn(api, { email, password })).rejects.toMatchObject({ status: 403, code: 'verification_required' })
    await api.resendVerification(await findWalletId(api, { email, password }))
    const meta = { token: served.storage.mailToken, wallet_id: textOf(made.id) }
    const payload = Buffer.from(JSON.stringify({ type: 'api-verify', meta })).toString('base64url')
    const link = readVerificationLink(`https://client.example.com/r/${payload}`)
    if (!link) throw new Error('the link was not read')
    const wrong = api.verifyWallet({ ...link, token: new Secret('wrong') })
    await expect(wrong).rejects.toMatchObject({ status: 400, fields: [{ error: 'invalid token' }] })
    await api.verifyWallet(link)
    expect((await signIn(api, { email, password })).isVerified).toBe(true)
  })

  test('of a server that names another account does not open', async () => {
    const made = await signUp(api, { email, password })
    await changePassword(api, made, { password, newPassword, buildSignerChange })
    const [kept] = served.storage.wallets.values()
    if (kept) kept.attributes['account_id'] = signerOf(newSeed()).keyId
    await expect(signIn(api, { email, password: newPassword })).rejects.toMatchObject({ fault: 'other-account' })
  })

  test('of a server that hands out another keychain does not open', async () => {
    await signUp(api, { email, password })
    const [kept] = served.storage.wallets.values()
    if (kept) kept.attributes['keychain_data'] = kept.password['keychain_data']
    await expect(signIn(api, { email, password })).rejects.toMatchObject({ fault: 'keychain-unreadable' })
  })

  test('of a server without a salt for it is not tried', async () => {
    await signUp(api, { email, password })
    const [kept] = served.storage.wallets.values()
    if (kept) kept.attributes['salt'] = ''
    await expect(signIn(api, { email, password })).rejects.toMatchObject({ fault: 'kdf-refused' })
  })
})

describe('a changed password', () => {
  test('proves the old one by its factor, brings a new key, and the ledger is told', async () => {
    const old = await signUp(api, { email, password })
    served.seen.length = 0
    const changed = await changePassword(api, old, { password, newPassword, buildSignerChange })
    expect(served.calls()).toEqual([
      'GET /kdf?email=Ann%40Example.com',
      'PUT /wallets/id',
      'GET /kdf?email=Ann%40Example.com',
      'PUT /wallets/id/factors/1/verification',
      'PUT /wallets/id',
    ])
    expect(served.seen[4]).toEqual(served.seen[1])
    expect(served.storage.envelopes).toEqual([`${old.accountId}: ${old.signer.keyId} -> ${changed.signer.keyId}`])
    expect([changed.accountId, changed.signer.keyId === old.signer.keyId]).toEqual([old.accountId, false])
    const opened = await signIn(api, { email, password: newPassword })
    expect([seedsOf(opened), opened.accountId]).toEqual([seedsOf(changed), old.accountId])
    await expect(signIn(api, { email, password })).rejects.toMatchObject({ status: 404 })
  })

  test('changes again, by the new key', async () => {
    const made = await signUp(api, { email, password })
    const changed = await changePassword(api, made, { password, newPassword, buildSignerChange })
    const again = await changePassword(api, changed, {
      password: newPassword,
      newPassword: password,
      buildSignerChange,
    })
    expect(seedsOf(await signIn(api, { email, password }))).toEqual(seedsOf(again))
    expect(again.accountId).toBe(made.accountId)
  })

  test('wants TOTP as well where it is enabled, each factor once', async () => {
    const old = await signUp(api, { email, password })
    await enableTotp(api, old, { password, firstCode: onTelephone })
    served.seen.length = 0
    const change = { password, newPassword, buildSignerChange }
    await expect(changePassword(api, old, change)).rejects.toMatchObject({ fault: 'factor-unanswered' })
    served.seen.length = 0
    await changePassword(api, old, { ...change, answer: fromTelephone })
    expect(served.calls().filter((call) => call.endsWith('/verification'))).toEqual([
      'PUT /wallets/id/factors/1/verification',
      'PUT /wallets/id/factors/15/verification',
    ])
    await expect(signIn(api, { email, password: newPassword })).rejects.toMatchObject({ fault: 'factor-unanswered' })
    await signIn(api, { email, password: newPassword, answer: fromTelephone })
  })

  test('with a wrong old one stops before the server is asked to believe it', async () => {
    const old = await signUp(api, { email, password })
    const wrong = { password: newPassword, newPassword, buildSignerChange }
    await expect(changePassword(api, old, wrong)).rejects.toMatchObject({ fault: 'factor-unreadable' })
    expect(served.calls().some((call) => call.endsWith('/verification'))).toBe(false)
    await signIn(api, { email, password })
  })

  test('that the ledger’s side cannot build is not asked for', async () => {
    const old = await signUp(api, { email, password })
    served.seen.length = 0
    const failing = { buildSignerChange: () => Promise.reject(new Error('the ledger is away')) }
    const change = { password, newPassword, ...failing }
    await expect(changePassword(api, old, change)).rejects.toThrow('the ledger is away')
    expect(served.calls()).toEqual(['GET /kdf?email=Ann%40Example.com'])
  })
})

describe('TOTP', () => {
  test('is enabled by the password and its first code, above the other factors', async () => {
    const wallet = await signUp(api, { email, password })
    let shown: string | undefined
    const firstCode: Parameters<typeof enableTotp>[2]['firstCode'] = ({ uri }) => {
      shown = textOf(uri)
      return onTelephone()
    }
    const factor = await enableTotp(api, wallet, { password, firstCode })
    expect([factor, shown]).toEqual([{ id: '15', type: 'totp', priority: 101 }, 'otpauth://totp/TokenD:ann'])
    expect(served.storage.factors).toContainEqual({ id: 15, type: 'totp', priority: 101 })
    await expect(enableTotp(api, wallet, { password, firstCode: onTelephone })).rejects.toMatchObject({ status: 409 })
  })

  test('whose first code was wrong is made anew', async () => {
    const wallet = await signUp(api, { email, password })
    const mistyped = { password, firstCode: () => Promise.resolve(new Secret('000000')) }
    await expect(enableTotp(api, wallet, mistyped)).rejects.toMatchObject({ status: 400 })
    await enableTotp(api, wallet, { password, firstCode: onTelephone })
    expect(served.storage.factors.map(({ type, priority }) => [type, priority])).toEqual([
      ['password', 100],
      ['totp', 101],
    ])
  })
})

test('a changed address opens the same keys, and the old one opens nothing', async () => {
  const old = await signUp(api, { email, password })
  served.seen.length = 0
  await changeEmail(api, old, { newEmail: 'ann@example.org', password })
  expect(served.calls()).toEqual([
    'GET /kdf',
    'POST /wallets/id',
    'GET /kdf?email=Ann%40Example.com',
    'PUT /wallets/id/factors/1/verification',
    'POST /wallets/id',
  ])
  const opened = await signIn(api, { email: 'ann@example.org', password })
  expect([seedsOf(opened), opened.accountId]).toEqual([seedsOf(old), old.accountId])
  await expect(signIn(api, { email, password })).rejects.toMatchObject({ status: 404 })
})

test('a lost password is recovered by a code by e-mail and a new key, for the same account', async () => {
  const lost = await signUp(api, { email: 'ann@example.com', password })
  served.seen.length = 0
  const found = await recover(api, { email: 'ann@example.com', newPassword, answer: fromTelephone })
  expect(served.calls()).toEqual([
    'GET /kdf?email=ann%40example.com&is_recovery=true',
    'PUT /wallets/id',
    'PUT /wallets/id/factors/99/verification',
    'PUT /wallets/id',
  ])
  expect([found.accountId, found.signer.keyId === lost.signer.keyId]).toEqual([lost.accountId, false])
  const opened = await signIn(api, { email: 'ann@example.com', password: newPassword })
  expect([seedsOf(opened), opened.accountId]).toEqual([seedsOf(found), lost.accountId])
})
