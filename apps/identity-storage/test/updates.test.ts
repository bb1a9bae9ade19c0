import { Secret, toUtf8 } from '@strongroom/crypto'
import { changePassword as change, newSeed, signIn, signerOf, signUp } from '@strongroom/identity-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { changeBody, changePassword, moving, newAddress, newPassword, swap, updating } from './changes.ts'
import {
  type Answered,
  clientOf,
  newEmail,
  refused,
  startIdentityStorage,
  tally,
  textOf,
  told,
  type World,
  wrong,
} from './client.ts'
import { answering, demandIn, enableTotp, factorsOf, passing, passwordProof, totpCode } from './demands.ts'
import { messagesTo } from './mails.ts'
import { newOwner, newWallet, newWalletId, type Owner, passwordOf, walletIn } from './owners.ts'
import { adding, envelopeOf, removing, signersOf } from './transactions.ts'

let world: World
beforeAll(async () => {
  world = await startIdentityStorage({ settings: { EMAIL_VERIFICATION: 'off' } })
})
afterAll(() => world[Symbol.asyncDispose]())

const open = ({ walletId }: Pick<Owner, 'walletId'>) => world.ask({ path: `/wallets/${walletId}` })
test('by the client: another password, another key; the old password opens nothing and the old key signs for nothing', async () => {
  const email = newEmail()
  const [password, newPass] = [new Secret(toUtf8('a password of the tests')), new Secret(toUtf8('another one'))]
  const made = await signUp(world.api, { email, password })
  const buildSignerChange = ({
    accountId: source,
    signer,
    newSignerId,
  }: Parameters<Parameters<typeof change>[2]['buildSignerChange']>[0]) =>
    envelopeOf(world.ask, { source, operations: [adding(newSignerId), removing(signer.keyId)], signers: [signer] })
  const changed = await change(world.api, made, { password, newPassword: newPass, buildSignerChange })
  expect(changed.accountId).toBe(made.accountId)
  const opened = await signIn(world.api, { email, password: newPass })
  expect([opened.accountId, opened.signer.keyId]).toEqual([made.accountId, changed.signer.keyId])
  expect(await signersOf(world.ask, made.accountId)).toEqual([changed.signer.keyId])
  await expect(signIn(world.api, { email, password })).rejects.toMatchObject({ status: 404 })
  // The caller works on in a session of its own: those from before, whoever has them, are over.
  if (!made.session || !changed.session) throw new Error('no session was begun')
  expect(textOf((await world.api.getSession(changed.session.id)).id)).toBe(textOf(changed.session.id))
  await expect(world.api.getSession(made.session.id)).rejects.toMatchObject({ status: 404 })
  // And once more, by the new key.
  const again = await change(world.api, changed, { password: newPass, newPassword: password, buildSignerChange })
  expect((await signIn(world.api, { email, password })).signer.keyId).toBe(again.signer.keyId)
})

const creating = (of: Owner) => ({
  method: 'POST',
  path: `/wallets/${of.walletId}/factors`,
  by: of.signer,
  body: { data: { type: 'totp' } },
})

describe('a change that the ledger accepts', () => {
  test('is answered by the wallet as it is now, of the account that it was made with', async () => {
    const owner = await newWallet(world)
    const { next, body, changed } = await changePassword(world, owner)
    const { data, included } = walletIn(changed.body)
    const factorId = data.relationships.factor.data.id
    const [session] = included
    const { keychain_data } = body.data.attributes
    const attributes = {
      account_id: owner.accountId,
      email: owner.email,
      keychain_data,
      verified: true,
      last_sent_at: null,
    }
    const kdf = { data: { id: 2, type: 'kdf' } }
    const factor = { data: { id: factorId, type: 'password' } }
    const relationships = { kdf, factor, session: { data: { id: session?.id, type: 'sessions' } } }
    const expected = { data: { id: next.walletId, type: 'wallet', attributes, relationships }, included: [session] }
    expect(session?.attributes.encryption_key).toMatch(/^[0-9a-f]{64}$/)
    expect(told(changed)).toEqual([200, JSON.stringify(expected)])
    expect(walletIn((await open(next)).body).data.attributes).toEqual(attributes)
    expect(told(await open(owner))).toEqual(refused(404))
    const { body: kdfBody } = await world.ask({ path: `/kdf?email=${owner.email}` })
    expect(kdfBody).toMatchObject({ data: { attributes: { salt: body.data.attributes.salt } } })
    await messagesTo(world.app, owner.email, 1)
    expect((await world.app.messagesTo(owner.email)).map(({ subject }) => subject)).toEqual([
      'The password of your wallet was changed',
    ])
  })

  test('takes the old key, the old password and what was demanded of it out of use', async () => {
    const owner = await newWallet(world)
    const before = demandIn(await world.ask(creating(owner)), 'password')
    const { next } = await changePassword(world, owner)
    const proof = await passwordProof(before, owner.factor)
    expect(told(await world.ask(answering(before, proof)))).toEqual(refused(404))
    expect(told(await world.ask(answering({ ...before, wallet_id: next.walletId }, proof)))).toEqual(refused(404))
    expect(told(await world.ask({ ...creating(next), by: owner.signer }))).toEqual(refused(401))
    const demand = demandIn(await world.ask(creating(next)), 'password')
    const old = await world.ask(answering(demand, await passwordProof(demand, owner.factor)))
    expect(told(old)).toEqual(wrong('/data/attributes/otp', 'invalid'))
    expect((await passing(world, creating(next), { password: next.factor })).status).toBe(201)
    expect((await factorsOf(world.ask, next)).map(({ attributes: { priority } }) => priority)).toEqual([100, 0])
  })

  test('demands TOTP beside the password where it is enabled, and keeps it', async () => {
    const owner = await newWallet(world)
    const totp = await enableTotp(world, owner)
    const next = newPassword(owner)
    const asked = updating(owner, changeBody(next, await swap(world, owner, next)))
    const first = demandIn(await world.ask(asked), 'password')
    await world.ask(answering(first, await passwordProof(first, owner.factor)))
    const second = demandIn(await world.ask(asked), 'totp')
    await world.ask(answering(second, await totpCode(totp.secret)))
    expect((await world.ask(asked)).status).toBe(200)
    demandIn(await open(next), 'totp')
    expect((await passing(world, { path: `/wallets/${next.walletId}` }, { totp: totp.secret })).status).toBe(200)
  })

  test('may keep the id, and the key: then only keychains change', async () => {
    const owner = await newWallet(world)
    const next = { ...owner, factor: signerOf(newSeed()) }
    const aside = adding(signerOf(newSeed()).keyId)
    const envelope = await envelopeOf(world.ask, {
      source: owner.accountId,
      operations: [aside],
      signers: [owner.signer],
    })
    const body = changeBody(next, envelope)
    expect((await passing(world, updating(owner, body), { password: owner.factor })).status).toBe(200)
    expect(walletIn((await open(owner)).body).data.attributes.keychain_data).toBe(body.data.attributes.keychain_data)
  })

  test('may leave the address and the account out, or name the address in another case', async () => {
    const owner = await newWallet(world)
    const next = newPassword(owner)
    const body = changeBody(next, await swap(world, owner, next), { email: undefined, account_id: undefined })
    expect((await passing(world, updating(owner, body), { password: owner.factor })).status).toBe(200)
    const last = newPassword(next)
    const upper = changeBody(last, await swap(world, next, last), { email: owner.email.toUpperCase() })
    expect((await passing(world, updating(next, upper), { password: next.factor })).status).toBe(200)
    expect(walletIn((await open(last)).body).data.attributes.email).toBe(owner.email)
  })
})

const prepare = async () => {
  const owner = await newWallet(world)
  const next = newPassword(owner)
  return { owner, next, asked: updating(owner, changeBody(next, await swap(world, owner, next))) }
}

describe('a change', () => {
  test('is the owner’s alone: of a stranger, of the password’s key, of an administrator, of nobody it is 401', async () => {
    const { owner, asked } = await prepare()
    const { by: _, ...unsigned } = asked
    for (const by of [signerOf(newSeed()), owner.factor, world.admin])
      expect(told(await world.ask({ ...asked, by }))).toEqual(refused(401))
    expect(told(await world.ask(unsigned))).toEqual(refused(401))
    expect(told(await world.ask({ ...asked, path: `/wallets/${newWalletId()}` }))).toEqual(refused(404))
  })

  test('to an id that another wallet has is 409, and the ledger is not asked', async () => {
    const [owner, bob] = [await newWallet(world), await newWallet(world)]
    const next = { ...newPassword(owner), walletId: bob.walletId }
    expect(told((await changePassword(world, owner, next)).changed)).toEqual(refused(409))
    expect(await signersOf(world.ask, owner.accountId)).toEqual([owner.signer.keyId])
    expect([(await open(owner)).status, walletIn((await open(bob)).body).data.attributes.email]).toEqual([
      200,
      bob.email,
    ])
  })

  test('does not change the address', async () => {
    const { owner, next } = await prepare()
    const body = changeBody(next, await swap(world, owner, next), { email: newEmail() })
    const expected = wrong('/data/attributes/email', 'is not the wallet’s: an address is changed by POST')
    expect(told(await world.ask(updating(owner, body)))).toEqual(expected)
  })

  test('needs a password’s key that is one', async () => {
    const { owner, next, asked } = await prepare()
    const { data, included } = asked.body as ReturnType<typeof changeBody>
    const account_id = 'GB65IHVVJOGUYKZLHT3GAZOWHCBMZLQLDJAWXJM5LUXI35LNAHHBQUKA'
    const body = { data, included: [passwordOf(next, { account_id }), ...included.slice(1)] }
    const expected = wrong('/included', 'a password’s account_id is no account key')
    expect(told(await world.ask(updating(owner, body)))).toEqual(expected)
  })

  test('of ten different ones at the same time is one: the wallet and the ledger have the same', async () => {
    const owner = await newWallet(world)
    const changes = await Promise.all(
      Array.from({ length: 10 }, async () => {
        const next = newPassword(owner)
        return { next, asked: updating(owner, changeBody(next, await swap(world, owner, next))) }
      }),
    )
    for (const { asked } of changes) {
      const demand = demandIn(await world.ask(asked), 'password')
      await world.ask(answering(demand, await passwordProof(demand, owner.factor)))
    }
    const answers = await Promise.all(changes.map(({ asked }) => world.ask(asked)))
    const won = changes.filter((_, index) => answers[index]?.status === 200)
    expect([won.length, tally(answers)['500']]).toEqual([1, undefined])
    const opened = await Promise.all(changes.map(async ({ next }) => (await open(next)).status))
    expect(opened.filter((status) => status === 200)).toHaveLength(1)
    const [{ next }] = won as [(typeof won)[number]]
    expect([(await open(next)).status, await signersOf(world.ask, owner.accountId)]).toEqual([200, [next.signer.keyId]])
    // Nobody keeps the others from their ids.
    for (const lost of changes) if (lost !== won[0]) await newWallet(world, { walletId: lost.next.walletId })
  })

  test('in the midst of demands of the old password leaves none of them without an answer', async () => {
    for (let round = 0; round < 8; round++) {
      const { owner, asked } = await prepare()
      const demand = demandIn(await world.ask(asked), 'password')
      await world.ask(answering(demand, await passwordProof(demand, owner.factor)))
      const racing = { isOver: false }
      const demanding = async () => {
        const answers: Answered[] = []
        while (!racing.isOver) answers.push(await world.ask(moving(owner, newAddress(owner, newEmail()))))
        return answers
      }
      const demanders = Array.from({ length: 8 }, demanding)
      expect((await world.ask(asked)).status).toBe(200)
      racing.isOver = true
      const answers = (await Promise.all(demanders)).flat()
      expect(answers.filter(({ status }) => ![403, 404, 503].includes(status))).toEqual([])
      const late = answers.filter(({ status }) => status === 503).map(({ headers }) => headers.get('retry-after'))
      expect(late.every((seconds) => seconds === '1')).toBe(true)
    }
  })

  test('of a wallet that is not verified waits for that', async () => {
    const { baseUrl } = await world.app.spawn({ EMAIL_VERIFICATION: 'required' })
    const ask = clientOf(baseUrl)
    const owner = await newWallet({ ask }, newOwner())
    const next = newPassword(owner)
    const { status, body } = await ask(updating(owner, changeBody(next, await swap(world, owner, next))))
    expect([status, body]).toMatchObject([
      403,
      { errors: [{ code: 'verification_required', meta: { wallet_id: owner.walletId } }] },
    ])
  })
})
