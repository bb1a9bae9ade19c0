import { Secret } from '@strongroom/crypto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { refuse } from '../../test/fake-identity-storage.ts'
import { type ServedIdentityStorage, serveIdentityStorage } from '../../test/serve-identity-storage.ts'
import { newSeed, signerOf } from '../signer.ts'
import { type OpenWallet } from '../wallets/open-wallet.ts'
import { signUp } from '../wallets/sign-up.ts'
import { type IdentityApi, openIdentityApi } from './api.ts'
import { type FactorDemand } from './error.ts'

let served: ServedIdentityStorage
let api: IdentityApi
let wallet: OpenWallet
beforeEach(async () => {
  served = await serveIdentityStorage()
  api = openIdentityApi({ baseUrl: served.url })
  wallet = await signUp(api, { email: 'ann@example.com', password: new Secret('password') })
  served.storage.factors.push({ id: 15, type: 'totp', priority: 101 })
  served.seen.length = 0
})
afterEach(() => served[Symbol.asyncDispose]())

const code = () => Promise.resolve(new Secret(served.storage.codes.totp))
const disable = (one: IdentityApi) => one.factors.delete(wallet, '15')

test('what is refused for want of a factor is sent again once it is proven, to the byte', async () => {
  await api.withFactor(disable, code)
  expect(served.calls()).toEqual([
    'DELETE /wallets/id/factors/15',
    'PUT /wallets/id/factors/15/verification',
    'DELETE /wallets/id/factors/15',
  ])
  const [first, , again] = served.seen
  expect(again).toEqual(first)
  expect(served.storage.factors).toHaveLength(1)
})

test('strict signs anew what it sends again: a server takes a signature once', async () => {
  await openIdentityApi({ baseUrl: served.url, profile: 'strict' }).withFactor(disable, code)
  const [first, , again] = served.seen
  expect([again?.target, again?.headers['digest']]).toEqual([first?.target, first?.headers['digest']])
  expect(again?.headers['signature']).not.toBe(first?.headers['signature'])
})

test('several calls, each with its factors, are one story', async () => {
  const left = await api.withFactor(async (proven) => {
    const before = await proven.factors.list(wallet)
    await proven.factors.setPriority(wallet, '15', 7)
    await disable(proven)
    return before.length
  }, code)
  expect(left).toBe(2)
  expect(served.calls().filter((call) => call.endsWith('verification'))).toHaveLength(2)
})

test('a wrong answer ends the call, and what the user throws does', async () => {
  const wrong = api.withFactor(disable, () => Promise.resolve(new Secret('999999')))
  await expect(wrong).rejects.toMatchObject({ status: 400, fields: [{ error: 'invalid' }] })
  await expect(api.withFactor(disable, () => Promise.reject(new Error('cancelled')))).rejects.toThrow('cancelled')
  expect(served.storage.factors).toHaveLength(2)
})

test('another refusal asks for no factor', async () => {
  const asked: FactorDemand[] = []
  const answer = (demand: FactorDemand) => (asked.push(demand), code())
  const stranger = { ...wallet, signer: signerOf(newSeed()) }
  await expect(api.withFactor((one) => one.factors.createTotp(stranger), answer)).rejects.toMatchObject({ status: 401 })
  expect(asked).toEqual([])
})

test('a server that is never content is given up on', async () => {
  let asked = 0
  const answer = async (demand: FactorDemand) => {
    asked++
    served.answerNext({ status: 204 })
    return demand.token
  }
  await expect(api.withFactor(disable, answer)).rejects.toMatchObject({ status: 403, code: 'tfa_required' })
  expect(asked).toBe(4)
})

test('the API that no one answers for throws the demand', async () => {
  await expect(disable(api)).rejects.toMatchObject({ status: 403, factor: { factorType: 'totp', factorId: '15' } })
  served.answerNext(refuse(409))
  await expect(disable(api)).rejects.toMatchObject({ status: 409 })
})
