import { Secret, toUtf8 } from '@strongroom/crypto'
import { newSeed, recover as recoverByClient, signIn, signerOf, signUp } from '@strongroom/identity-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  changeBody,
  changePassword,
  newPassword,
  newRecovery,
  recovering,
  restoring,
  swap,
  updating,
} from './changes.ts'
import { clientOf, newEmail, refused, startIdentityStorage, told, type World, wrong } from './client.ts'
import { answering, demandIn, enableTotp, factorsOf, mailedCode, passing, setting } from './demands.ts'
import { messagesTo, subjectsTo } from './mails.ts'
import { bodyOf, newOwner, newWallet, newWalletId, type Owner, passwordOf, walletIn } from './owners.ts'
import { moveClock, passTime } from './pass-time.ts'
import { recover, recovered, requestSigners, requestsOf, review } from './recoveries.ts'
import { adding, badAuth, envelopeOf, rejection, removing, signersOf, submitting } from './transactions.ts'

let world: World
beforeAll(async () => {
  world = await startIdentityStorage({ settings: { EMAIL_VERIFICATION: 'off' } })
})
afterAll(() => world[Symbol.asyncDispose]())

const open = ({ walletId }: Pick<Owner, 'walletId'>) => world.ask({ path: `/wallets/${walletId}` })
const keysOf = ({ accountId }: Owner) => signersOf(world.ask, accountId)
const both = (...owners: readonly Owner[]) => owners.map(({ signer }) => signer.keyId).toSorted()

test('by the client: a lost password is replaced by a code of the mailbox, papers are approved, and the new key signs alone', async () => {
  const email = newEmail()
  const [password, another] = [new Secret(toUtf8('a password of the tests')), new Secret(toUtf8('another one'))]
  const lost = await signUp(world.api, { email, password })
  const answer = async () => new Secret(toUtf8(await mailedCode(world, email)))
  const found = await recoverByClient(world.api, { email, newPassword: another, answer })
  expect([found.accountId, found.signer.keyId === lost.signer.keyId]).toEqual([lost.accountId, false])
  await expect(signIn(world.api, { email, password })).rejects.toMatchObject({ status: 404 })
  expect((await signIn(world.api, { email, password: another })).accountId).toBe(lost.accountId)
  const owner = newOwner({ accountId: found.accountId, signer: found.signer })
  expect((await requestSigners(world, owner, [found.signer.keyId])).status).toBe(200)
  expect((await review(world, found.accountId, { action: 'approve' })).status).toBe(200)
  expect(await keysOf(owner)).toEqual([found.signer.keyId])
  const factors = await world.api.factors.list(found)
  expect(factors.map(({ type, priority }) => [type, priority])).toEqual([
    ['password', 100],
    ['email', 0],
  ])
})

describe('a recovery', () => {
  test('is answered by the wallet under its new id, of the account that it was made with', async () => {
    const lost = await newWallet(world)
    const { found, answer } = await recover(world, lost)
    const { data, included } = walletIn(answer.body)
    expect([data.id, data.attributes, included]).toMatchObject([
      found.walletId,
      { account_id: lost.accountId, email: lost.email, verified: true },
      [],
    ])
    expect([(await open(found)).status, told(await open(lost))]).toEqual([200, refused(404)])
    expect(await keysOf(lost)).toEqual(both(lost, found))
    await messagesTo(world.app, lost.email, 2)
    expect(await subjectsTo(world.app, lost.email)).toContain('Somebody began to recover your wallet')
  })

  test('takes the code of the mailbox, and no other', async () => {
    const lost = await newWallet(world)
    const asked = recovering(newRecovery(lost))
    const demand = demandIn(await world.ask(asked), 'email')
    const code = await mailedCode(world, lost.email)
    const bad = code === '000000' ? '000001' : '000000'
    expect(told(await world.ask(answering(demand, bad)))).toEqual(wrong('/data/attributes/otp', 'invalid'))
    demandIn(await world.ask(asked), 'email')
    expect([(await open(lost)).status, await keysOf(lost)]).toEqual([200, both(lost)])
  })

  test('takes the code for the key that asked for it alone', async () => {
    const lost = await newWallet(world)
    demandIn(await world.ask(recovering(newRecovery(lost))), 'email')
    const code = await mailedCode(world, lost.email)
    const eve = demandIn(await world.ask(recovering(newRecovery(lost))), 'email')
    expect(told(await world.ask(answering(eve, code)))).toEqual(wrong('/data/attributes/otp', 'invalid'))
  })

  test('of an address that nobody has is 404', async () => {
    expect(told(await world.ask(recovering(newRecovery({ email: newEmail() }))))).toEqual(refused(404))
  })

  test('is at its own new id, signed by its own new key', async () => {
    const found = newRecovery(await newWallet(world))
    const asked = recovering(found)
    const elsewhere = { ...asked, path: `/wallets/${newWalletId()}` }
    expect(told(await world.ask(elsewhere))).toEqual(wrong('/data/id', 'is not the id in the address'))
    for (const by of [signerOf(newSeed()), world.admin])
      expect(told(await world.ask(recovering(found, by)))).toEqual(refused(401))
    const { by: _, ...unsigned } = asked
    expect(told(await world.ask(unsigned))).toEqual(refused(401))
  })

  test('to an id that another wallet has is 409, and lets nobody in', async () => {
    const [lost, bob] = [await newWallet(world), await newWallet(world)]
    const asked = recovering({ ...newRecovery(lost), walletId: bob.walletId })
    const demand = demandIn(await world.ask(asked), 'email')
    await world.ask(answering(demand, await mailedCode(world, lost.email)))
    expect(told(await world.ask(asked))).toEqual(refused(409))
    expect([await keysOf(lost), (await open(lost)).status, (await open(bob)).status]).toEqual([both(lost), 200, 200])
  })

  test('needs a password’s key that is one', async () => {
    const found = newRecovery(await newWallet(world))
    const asked = recovering(found)
    const { data } = asked.body as { data: object }
    const account_id = 'GB65IHVVJOGUYKZLHT3GAZOWHCBMZLQLDJAWXJM5LUXI35LNAHHBQUKA'
    const answer = await world.ask({ ...asked, body: { data, included: [passwordOf(found, { account_id })] } })
    expect(told(answer)).toEqual(wrong('/included', 'a password’s account_id is no account key'))
  })

  test('leaves TOTP where it is: the new password opens nothing without it', async () => {
    const lost = await newWallet(world)
    const totp = await enableTotp(world, lost)
    const { found } = await recover(world, lost)
    demandIn(await open(found), 'totp')
    expect((await passing(world, { path: `/wallets/${found.walletId}` }, { totp: totp.secret })).status).toBe(200)
  })

  test('of a wallet that nobody verified waits for that, and nobody is mailed a code', async () => {
    const { baseUrl } = await world.app.spawn({ EMAIL_VERIFICATION: 'required' })
    const ask = clientOf(baseUrl)
    const lost = await newWallet({ ask })
    const { status, body } = await ask(recovering(newRecovery(lost)))
    expect([status, body]).toMatchObject([403, { errors: [{ code: 'verification_required' }] }])
    await messagesTo(world.app, lost.email, 1)
    expect(await subjectsTo(world.app, lost.email)).toEqual(['Verify your e-mail address'])
  })
})

describe('a key that was let in', () => {
  test('is no owner’s: it sets no factor, changes no password and brings nothing back', async () => {
    const { lost, found } = await recovered(world)
    const [password] = await factorsOf(world.ask, found)
    const creating = {
      method: 'POST',
      path: `/wallets/${found.walletId}/factors`,
      by: found.signer,
      body: { data: { type: 'totp' } },
    }
    const next = newPassword(found)
    for (const asked of [
      creating,
      setting(found, password?.id ?? '', 1),
      updating(found, changeBody(next, await swap(world, found, next))),
      restoring({ ...lost, signer: found.signer }),
    ])
      expect(told(await world.ask(asked))).toEqual(refused(401))
  })

  test('signs for nothing on the ledger but the request for new signers', async () => {
    const { found } = await recovered(world)
    const { accountId: source, signer } = found
    for (const operations of [[adding(signerOf(newSeed()).keyId)], [removing(signer.keyId)]])
      expect(
        told(await world.ask(submitting(await envelopeOf(world.ask, { source, operations, signers: [signer] })))),
      ).toEqual(refused(400, badAuth))
    expect((await requestSigners(world, found, [signer.keyId])).status).toBe(200)
  })

  test('is the owner’s when an administrator approved it, and the old key signs no more', async () => {
    const { lost, found } = await recovered(world)
    await requestSigners(world, found, [found.signer.keyId])
    expect((await requestsOf(world, found.accountId)).map(({ attributes: { state } }) => state)).toEqual(['pending'])
    const own = await review(world, found.accountId, { action: 'approve', by: found.signer })
    expect(told(own)).toEqual(refused(400, rejection('tx_no_account', [], ['There is no such account.'])))
    expect((await review(world, found.accountId, { action: 'approve' })).status).toBe(200)
    expect(await keysOf(found)).toEqual(both(found))
    expect((await changePassword(world, found)).changed.status).toBe(200)
    expect(told(await world.ask(restoring(lost)))).toEqual(refused(401))
  })

  test('is out when an administrator refused it for good, and the wallet can still be brought back', async () => {
    const { lost, found } = await recovered(world)
    await requestSigners(world, found, [found.signer.keyId])
    expect((await review(world, found.accountId, { action: 'permanent-reject' })).status).toBe(200)
    expect(await keysOf(lost)).toEqual(both(lost))
    expect((await world.ask(restoring(lost))).status).toBe(200)
  })
})

describe('what a recovery replaced', () => {
  test('is brought back by the old key: old id, old keychain, old password, and the new key is out', async () => {
    const owner = newOwner()
    const body = bodyOf(owner)
    await world.ask({ method: 'POST', path: '/wallets', body })
    const { found } = await recover(world, owner)
    const restored = await world.ask(restoring(owner))
    expect([restored.status, walletIn(restored.body).data]).toMatchObject([
      200,
      {
        id: owner.walletId,
        attributes: { account_id: owner.accountId, keychain_data: body.data.attributes.keychain_data },
      },
    ])
    expect([(await open(owner)).status, told(await open(found)), await keysOf(owner)]).toEqual([
      200,
      refused(404),
      both(owner),
    ])
    expect((await changePassword(world, owner)).changed.status).toBe(200)
    await expect.poll(() => subjectsTo(world.app, owner.email)).toContain('Your wallet was brought back')
  })

  test('is brought back once', async () => {
    const { lost } = await recovered(world)
    const answers = await Promise.all(Array.from({ length: 5 }, () => world.ask(restoring(lost))))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(answers.filter(({ status }) => status >= 500)).toEqual([])
    expect(told(await world.ask(restoring(lost)))).toEqual(refused(404))
  })

  test('is the old owner’s: nobody else brings it back', async () => {
    const { lost, found } = await recovered(world)
    for (const by of [found.signer, signerOf(newSeed()), world.admin, lost.factor])
      expect(told(await world.ask({ ...restoring(lost), by }))).toEqual(refused(401))
    const { by: _, ...unsigned } = restoring(lost)
    expect(told(await world.ask(unsigned))).toEqual(refused(401))
    expect(told(await world.ask(restoring({ ...lost, walletId: newWalletId() })))).toEqual(refused(404))
    expect(told(await world.ask(restoring(found)))).toEqual(refused(404))
    expect((await open(found)).status).toBe(200)
  })

  test('comes back after a second recovery too, and neither key stays', async () => {
    const { lost, found } = await recovered(world)
    const { found: again } = await recover(world, found, 2)
    expect(await keysOf(lost)).toEqual(both(lost, again))
    expect((await world.ask(restoring(lost))).status).toBe(200)
    expect(await keysOf(lost)).toEqual(both(lost))
    for (const one of [found, again]) expect(told(await open(one))).toEqual(refused(404))
  })

  test('does not come back when new signers were approved, though the old key is among them', async () => {
    const { lost, found } = await recovered(world)
    await requestSigners(world, found, both(lost, found))
    expect((await review(world, found.accountId, { action: 'approve' })).status).toBe(200)
    expect(told(await world.ask(restoring(lost)))).toEqual(refused(409))
    expect((await open(found)).status).toBe(200)
  })

  test('keeps its id from everybody else, for thirty days', async () => {
    const [{ lost, found }, { lost: late }] = [await recovered(world), await recovered(world)]
    const eve = newOwner({ walletId: lost.walletId })
    const make = () => world.ask({ method: 'POST', path: '/wallets', body: bodyOf(eve) })
    expect(told(await make())).toEqual(refused(409))
    await passTime(world.app, '29 days 23 hours')
    expect((await world.ask(restoring(late))).status).toBe(200)
    await moveClock(world.app, '61 minutes')
    expect(told(await world.ask(restoring(lost)))).toEqual(refused(404))
    await passTime(world.app, '1 second')
    await expect.poll(async () => (await make()).status).toBe(201)
    expect((await open(found)).status).toBe(200)
  })
})
