import { newSeed, signerOf } from '@strongroom/identity-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Asked, newEmail, refused, startIdentityStorage, tally, told, type World, wrong } from './client.ts'
import { answering, type Demand, demandIn, enableTotp, passwordProof, setting, type Totp, totpCode } from './demands.ts'
import { bodyOf, newKeychain, newOwner, newWallet, newWalletId, type Owner, passwordOf, signerIn } from './owners.ts'
import { moveClock } from './pass-time.ts'

let world: World
beforeAll(async () => {
  world = await startIdentityStorage({ settings: { EMAIL_VERIFICATION: 'off', TRUSTED_PROXY_HOPS: '1' } })
})
afterAll(() => world[Symbol.asyncDispose]())

const verify = async (demand: Demand, otp: string | number) => told(await world.ask(answering(demand, otp)))
const invalidToken = wrong('/data/attributes/token', 'invalid token')

async function withTotp(): Promise<{ owner: Owner; totp: Totp; opening: Asked }> {
  const owner = await newWallet(world)
  return { owner, totp: await enableTotp(world, owner), opening: { path: `/wallets/${owner.walletId}` } }
}
/** Another address for the same wallet: what demands the password, and TOTP where it is enabled. */
const moving = (owner: Owner): Asked => ({
  method: 'POST',
  path: `/wallets/${owner.walletId}`,
  body: bodyOf(newOwner({ ...owner, email: newEmail(), walletId: newWalletId() })),
})

async function prove(asked: Asked, prover: (demand: Demand) => Promise<string>): Promise<void> {
  const demand = demandIn(await world.ask(asked))
  expect(await verify(demand, await prover(demand))).toEqual([204, ''])
}
const byPassword =
  ({ factor }: Owner) =>
  (demand: Demand) =>
    passwordProof(demand, factor)
const byTotp =
  ({ secret }: Totp, steps = 0) =>
  () =>
    totpCode(secret, steps)

describe('a demand', () => {
  test('for the password has what opens with it, to the byte', async () => {
    const owner = newOwner()
    const password = passwordOf(owner)
    const body = bodyOf(owner, { included: [password, signerIn(owner.signer.keyId)] })
    await world.ask({ method: 'POST', path: '/wallets', body })
    const answer = await world.ask(moving(owner))
    const { token, factor_id } = demandIn(answer, 'password')
    const { keychain_data, salt } = password.attributes
    const meta = { token, factor_id, factor_type: 'password', wallet_id: owner.walletId, keychain_data, salt }
    const more = { detail: 'Additional factor required', code: 'tfa_required', meta }
    expect([told(answer), typeof factor_id, token]).toEqual([
      refused(403, more),
      'number',
      expect.stringMatching(/^[0-9a-f]{40}$/),
    ])
  })

  test('for TOTP has nothing that helps', async () => {
    const { owner, totp, opening } = await withTotp()
    const answer = await world.ask(opening)
    const { token } = demandIn(answer)
    const meta = { token, factor_id: Number(totp.id), factor_type: 'totp', wallet_id: owner.walletId }
    expect(told(answer)).toEqual(refused(403, { detail: 'Additional factor required', code: 'tfa_required', meta }))
  })

  test('has a token of its own each time', async () => {
    const { opening } = await withTotp()
    const tokens = await Promise.all(Array.from({ length: 5 }, async () => demandIn(await world.ask(opening)).token))
    expect(new Set(tokens).size).toBe(5)
  })

  test('is answered once', async () => {
    const { totp, opening } = await withTotp()
    const demand = demandIn(await world.ask(opening))
    expect(await verify(demand, await totpCode(totp.secret))).toEqual([204, ''])
    expect(await verify(demand, await totpCode(totp.secret, 1))).toEqual(invalidToken)
  })

  test('waits ten minutes for its answer', async () => {
    const { totp, opening } = await withTotp()
    const [first, second] = [demandIn(await world.ask(opening)), demandIn(await world.ask(opening))]
    await moveClock(world.app, '9 minutes 30 seconds')
    expect(await verify(first, await totpCode(totp.secret))).toEqual([204, ''])
    await moveClock(world.app, '31 seconds')
    expect(await verify(second, await totpCode(totp.secret, 1))).toEqual(invalidToken)
    // That the first was answered in time is forgotten with it.
    demandIn(await world.ask(opening))
  })

  test.each([
    ['another token', (demand: Demand) => ({ ...demand, token: 'f'.repeat(40) }), invalidToken],
    ['a factor that nobody has', (demand: Demand) => ({ ...demand, factor_id: 999_999_999 }), refused(404)],
    ['a wallet that nobody made', (demand: Demand) => ({ ...demand, wallet_id: newWalletId() }), refused(404)],
  ])('is answered at its own address: at %s nothing is verified', async (_, elsewhere, expected) => {
    const { totp, opening } = await withTotp()
    const demand = demandIn(await world.ask(opening))
    expect(await verify(elsewhere(demand), await totpCode(totp.secret))).toEqual(expected)
    expect(await verify(demand, await totpCode(totp.secret))).toEqual([204, ''])
  })
})

test('a demand for the longest keychain under the largest id has a thousand bytes at most, as Kotlin’s client reads no more', async () => {
  const [before] = await world.app.sql('select last_value::text as value from identity.factors_id_seq')
  await world.app.sql('alter table identity.factors alter column id restart with 999999999999999')
  const owner = newOwner()
  const included = [passwordOf(owner, { keychain_data: newKeychain(640) }), signerIn(owner.signer.keyId)]
  const made = await world.ask({ method: 'POST', path: '/wallets', body: bodyOf(owner, { included }) })
  await world.app.sql(
    `alter table identity.factors alter column id restart with ${String(Number(before?.['value']) + 1)}`,
  )
  expect([made.status, made.text]).toEqual([201, expect.stringContaining('"999999999999999"')])
  const answer = await world.ask(moving(owner))
  const demand = demandIn(answer, 'password')
  expect([demand.factor_id, demand.keychain_data?.length, answer.text]).toEqual([
    999_999_999_999_999,
    640,
    expect.stringContaining('factor'),
  ])
  expect(Buffer.byteLength(answer.text)).toBeLessThanOrEqual(1000)
  expect(await verify(demand, await passwordProof(demand, owner.factor))).toEqual([204, ''])
})

const from = (address: string) => ({ 'x-forwarded-for': address })

describe('what was verified', () => {
  test.each<readonly [string, (asked: Asked) => Asked]>([
    ['with another query', (asked) => ({ ...asked, path: `${asked.path}?public_ip=true` })],
    ['with an empty query', (asked) => ({ ...asked, path: `${asked.path}?` })],
    ['by another agent', (asked) => ({ ...asked, headers: { ...asked.headers, 'user-agent': 'another' } })],
    ['from another address', (asked) => ({ ...asked, headers: { ...asked.headers, ...from('198.51.100.8') } })],
    ['from the proxy itself', ({ path }) => ({ path, headers: { 'user-agent': 'ann' } })],
  ])('is no good for the same request %s, and still is for its own, once', async (_, changed) => {
    const { totp, opening } = await withTotp()
    const asked = { ...opening, headers: { 'user-agent': 'ann', ...from('198.51.100.7') } }
    await prove(asked, byTotp(totp))
    demandIn(await world.ask(changed(asked)), 'totp')
    expect((await world.ask(asked)).status).toBe(200)
    demandIn(await world.ask(asked), 'totp')
  })

  test('is good from the whole network of an IPv6 address, which one caller has', async () => {
    const { totp, opening } = await withTotp()
    await prove({ ...opening, headers: from('2001:db8:1:2::1') }, byTotp(totp))
    demandIn(await world.ask({ ...opening, headers: from('2001:db8:1:3::1') }))
    expect((await world.ask({ ...opening, headers: from('2001:db8:1:2:ffff::9') })).status).toBe(200)
  })

  test('is no good with another body: not for a byte more', async () => {
    const owner = await newWallet(world)
    const body = JSON.stringify({ data: { type: 'totp' } })
    const asked = { method: 'POST', path: `/wallets/${owner.walletId}/factors`, by: owner.signer, body }
    await prove(asked, byPassword(owner))
    demandIn(await world.ask({ ...asked, body: `${body} ` }), 'password')
    demandIn(await world.ask({ ...asked, body: JSON.stringify({ data: { type: 'email' } }) }), 'password')
    expect((await world.ask(asked)).status).toBe(201)
  })

  test('is no good by another method, nor for another wallet', async () => {
    const { owner, totp } = await withTotp()
    const other = await withTotp()
    const enabling = setting(owner, totp.id, 7)
    await prove(enabling, byTotp(totp))
    demandIn(await world.ask({ ...enabling, method: 'DELETE', body: undefined }), 'password')
    demandIn(await world.ask(setting(other.owner, other.totp.id, 7)), 'totp')
    expect((await world.ask(enabling)).status).toBe(204)
  })

  test('is good for sixty seconds', async () => {
    const { totp, opening } = await withTotp()
    await prove(opening, byTotp(totp, -1))
    await moveClock(world.app, '45 seconds')
    expect((await world.ask(opening)).status).toBe(200)
    await prove(opening, byTotp(totp))
    await moveClock(world.app, '61 seconds')
    demandIn(await world.ask(opening), 'totp')
    await prove(opening, byTotp(totp, 1))
    expect((await world.ask(opening)).status).toBe(200)
  })

  test('is good once, of ten at the same time too', async () => {
    const { totp, opening } = await withTotp()
    await prove(opening, byTotp(totp))
    const answers = await Promise.all(Array.from({ length: 10 }, () => world.ask(opening)))
    expect(tally(answers)).toEqual({ 200: 1, 403: 9 })
  })
})

describe('two factors', () => {
  test('are demanded one after the other, the password first, and each is proven once', async () => {
    const { owner, totp } = await withTotp()
    const asked = moving(owner)
    const first = demandIn(await world.ask(asked), 'password')
    await verify(first, await passwordProof(first, owner.factor))
    const second = demandIn(await world.ask(asked), 'totp')
    // Asked again while one is missing, what was proven is not used up.
    demandIn(await world.ask(asked), 'totp')
    expect(await verify(second, await totpCode(totp.secret))).toEqual([204, ''])
    expect(told(await world.ask(asked))).toEqual([204, ''])
    demandIn(await world.ask(asked), 'password')
  })

  test('are used up together, by one of ten at the same time', async () => {
    const { owner, totp } = await withTotp()
    const asked = moving(owner)
    await prove(asked, byPassword(owner))
    await prove(asked, byTotp(totp))
    const answers = await Promise.all(Array.from({ length: 10 }, () => world.ask(asked)))
    expect(tally(answers)).toEqual({ 204: 1, 403: 9 })
  })

  test('are good for sixty seconds from the last of them', async () => {
    const { owner, totp } = await withTotp()
    const [slow, lapsed] = [moving(owner), moving(owner)]
    for (const asked of [slow, lapsed]) await prove(asked, byPassword(owner))
    await moveClock(world.app, '50 seconds')
    await prove(lapsed, byTotp(totp, -1))
    await moveClock(world.app, '50 seconds')
    await prove(slow, byTotp(totp))
    expect(told(await world.ask(slow))).toEqual([204, ''])
    await moveClock(world.app, '11 seconds')
    demandIn(await world.ask(lapsed), 'password')
  })
})

describe('the password’s proof', () => {
  test('is the signature of its key over the token’s text: of no other key, over nothing else', async () => {
    const owner = await newWallet(world)
    const asked = moving(owner)
    const [demand, other] = [demandIn(await world.ask(asked)), demandIn(await world.ask(asked))]
    const hex = {
      ...demand,
      token: Buffer.from(demand.token, 'hex')
        .toString('latin1')
        .replaceAll(/[^!-~]/g, 'x'),
    }
    const wrongOnes = [
      await passwordProof(demand, owner.signer),
      await passwordProof(demand, signerOf(newSeed())),
      await passwordProof(other, owner.factor),
      await passwordProof(hex, owner.factor),
      (await passwordProof(demand, owner.factor)).slice(0, -2),
      Buffer.alloc(64).toString('base64'),
      'no base64!',
      '000000',
    ]
    for (const otp of wrongOnes) expect(await verify(demand, otp)).toEqual(wrong('/data/attributes/otp', 'invalid'))
    expect(await verify(demand, await passwordProof(demand, owner.factor))).toEqual([204, ''])
    expect(told(await world.ask(asked))).toEqual([204, ''])
  })
})
