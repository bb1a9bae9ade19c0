import { createHash } from 'node:crypto'
import { fromUtf8, Secret, toUtf8 } from '@strongroom/crypto'
import { fromSeedText, signerOf, signFactorToken, signIn } from '@strongroom/identity-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import published from '../../../test/vectors/tokend-wallet.json' with { type: 'json' }
import { startIdentityStorage, textOf, told, type World } from './client.ts'
import { answering, demandIn } from './demands.ts'
import { bodyOf, newOwner, type Owner, passwordOf, signerIn } from './owners.ts'

let world: World
beforeAll(async () => {
  world = await startIdentityStorage({ settings: { EMAIL_VERIFICATION: 'off' } })
})
afterAll(() => world[Symbol.asyncDispose]())

const make = async (owner: Owner, attributes: object) => {
  const made = await world.ask({ method: 'POST', path: '/wallets', body: bodyOf(owner, { attributes }) })
  expect([made.status, made.text]).toEqual([201, expect.any(String)])
}
const [first = ''] = published.keychain.seeds
const signer = signerOf(fromSeedText(new Secret(first)))

const digestOf = (text: string) => createHash('sha256').update(text).digest('hex')

describe('of what TokenD’s JavaScript client made', () => {
  test('a wallet’s id is found by its address in any case and its password', async () => {
    const { email, password, salt, walletId } = published.keys
    const owner = newOwner({ email, walletId })
    await make(owner, { salt })
    // Made of nothing: what it derives is all that is tried here.
    const opening = signIn(world.api, { email: 'tEsT@distlab.com', password: new Secret(toUtf8(password)) })
    await expect(opening).rejects.toMatchObject({ fault: 'keychain-unreadable' })
    const wrongOne = signIn(world.api, { email, password: new Secret(toUtf8(`${password}!`)) })
    await expect(wrongOne).rejects.toMatchObject({ status: 404 })
    await world.ask({ method: 'DELETE', path: `/wallets/${walletId}`, by: world.admin })
  })

  test('a keychain comes back to the byte, opens, and its first key signs for the account', async () => {
    const { email, password, salt, walletId, accountId, seeds, keychainData } = published.keychain
    const owner = newOwner({ email, walletId, accountId, signer })
    await make(owner, { salt, keychain_data: keychainData })
    const opened = await signIn(world.api, { email, password: new Secret(toUtf8(password)) })
    expect([opened.accountId, textOf(opened.id), opened.seeds.length]).toEqual([accountId, walletId, seeds.length])
    expect(opened.signer.keyId).toBe(signer.keyId)
    expect((await world.api.factors.list(opened)).map(({ type }) => type)).toEqual(['password'])
    const creating = {
      method: 'POST',
      path: `/wallets/${walletId}/factors`,
      by: opened.signer,
      body: { data: { type: 'totp' } },
    }
    demandIn(await world.ask(creating), 'password')
    await world.ask({ method: 'DELETE', path: `/wallets/${walletId}`, by: world.admin })
  })

  test('the signature over a token answers the demand of that token', async () => {
    const { seed, token, otp } = published.passwordFactor
    const factor = signerOf(fromSeedText(new Secret(seed)))
    expect(fromUtf8((await signFactorToken(factor, new Secret(token))).expose())).toBe(otp)
    const owner = newOwner({ factor })
    const included = [passwordOf(owner), signerIn(owner.signer.keyId)]
    await world.ask({ method: 'POST', path: '/wallets', body: bodyOf(owner, { included }) })
    const asked = {
      method: 'POST',
      path: `/wallets/${owner.walletId}/factors`,
      by: owner.signer,
      body: { data: { type: 'totp' } },
    }
    const demand = demandIn(await world.ask(asked), 'password')
    // Tokens are random: this one is given the place of one that was demanded.
    await world.app.sql(
      `update identity.factor_tokens set digest = '\\x${digestOf(token)}' where digest = '\\x${digestOf(demand.token)}'`,
    )
    expect(told(await world.ask(answering({ ...demand, token }, otp)))).toEqual([204, ''])
    expect((await world.ask(asked)).status).toBe(201)
  })
})
