import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  ask,
  call,
  changedWallet,
  drawFrom,
  drawSeed,
  followLink,
  type IdentityOwner,
  linkTo,
  mustAnswer,
  newIdentityOwner,
  openWallet,
  passing,
  questionOf,
  recoveryRequest,
  recoveryWallet,
  settleOwner,
  signerChange,
  signUp,
  walletBody,
} from '../src/index.ts'
import { type IdentityWorld, identityPlaceOf, NETWORK, startIdentity } from './identity-storage.ts'

const randomness = drawFrom(drawSeed())

describe(`who takes a wallet over, ATTACK_SEED=${randomness.seed}`, () => {
  let world: IdentityWorld
  beforeAll(async () => {
    world = await startIdentity()
  })
  afterAll(() => world[Symbol.asyncDispose]())

  const place = () => identityPlaceOf(world)
  const signersOf = async (account: string): Promise<string[]> => {
    const { body } = await call(place(), `GET /v3/accounts/${account}/signers`)
    const { data = [] } = JSON.parse(body) as { data?: { id: string }[] }
    return data.map(({ id }) => id)
  }
  /** Whoever reads the owner's mail sets a password of his own, and a key. */
  const recover = async (owner: IdentityOwner): Promise<IdentityOwner> => {
    const { email, accountId } = owner
    const thief = { ...newIdentityOwner(randomness, { email }), accountId }
    const asked = () =>
      questionOf(place(), `PUT /wallets/${thief.walletId}`, { by: thief.signer, body: recoveryWallet(thief) })
    await mustAnswer(passing(place(), asked, { email }), 200)
    return thief
  }
  const restore = (owner: IdentityOwner) =>
    call(place(), `POST /wallets/${owner.walletId}/restoration`, { by: owner.signer })

  it('who knew the password asks for another address; the owner changes the password; the link is worth nothing any more', async () => {
    const owner = await settleOwner(place(), randomness)
    const thief = newIdentityOwner(randomness, { signer: owner.signer, accountId: owner.accountId })
    const moving = () => questionOf(place(), `POST /wallets/${owner.walletId}`, { body: walletBody(thief) })
    await mustAnswer(passing(place(), moving, { password: owner.factor }), 204)
    const link = await linkTo(place(), thief.email)

    const { email, accountId } = owner
    const next = { ...newIdentityOwner(randomness, { email }), accountId }
    const envelope = signerChange({
      networkPassphrase: NETWORK,
      account: accountId,
      by: owner.signer,
      adds: [next.signer.id],
      removes: [owner.signer.id],
    })
    const changing = () =>
      questionOf(place(), `PUT /wallets/${owner.walletId}`, { by: owner.signer, body: changedWallet(next, envelope) })
    await mustAnswer(passing(place(), changing, { password: owner.factor }), 200)

    const followed = await followLink(place(), link)
    expect(followed.status).toBe(400)
    const opened = await ask(openWallet(place(), next.walletId))
    expect([opened.status, opened.body.includes(next.keychain)]).toEqual([200, true])
    expect((await ask(openWallet(place(), thief.walletId))).status).toBe(404)
  })

  it('nor is it once the wallet was recovered, or brought back', async () => {
    const owner = await settleOwner(place(), randomness)
    const away = newIdentityOwner(randomness)
    const moving = () => questionOf(place(), `POST /wallets/${owner.walletId}`, { body: walletBody(away) })
    await mustAnswer(passing(place(), moving, { password: owner.factor }), 204)
    const link = await linkTo(place(), away.email)
    await recover(owner)
    expect((await followLink(place(), link)).status).toBe(400)
    await mustAnswer(restore(owner), 200)
    expect((await followLink(place(), link)).status).toBe(400)
    expect((await ask(openWallet(place(), owner.walletId))).body).toContain(owner.keychain)
  })

  it('who reads one mail recovers the wallet and cannot move it to a mailbox of his own: its owner recovers it again', async () => {
    const owner = await settleOwner(place(), randomness)
    const thief = await recover(owner)
    const away = newIdentityOwner(randomness)
    const moving = () => questionOf(place(), `POST /wallets/${thief.walletId}`, { body: walletBody(away) })
    expect((await passing(place(), moving, { password: thief.factor })).status).toBe(409)
    expect(await place().textsTo(away.email)).toEqual([])
    const found = await recover(owner)
    expect((await ask(openWallet(place(), found.walletId))).status).toBe(200)
    expect((await ask(openWallet(place(), thief.walletId))).status).toBe(404)
    await mustAnswer(restore(owner), 200)
    const opened = await ask(openWallet(place(), owner.walletId))
    expect([opened.status, opened.body.includes(owner.keychain)]).toEqual([200, true])
  })

  it('of many recoveries none is left on the ledger when the owner brings the wallet back', async () => {
    const owner = await settleOwner(place(), randomness)
    await recover(owner)
    await recover(owner)
    const last = await recover(owner)
    expect(await signersOf(owner.accountId)).toContain(last.signer.id)
    await mustAnswer(restore(owner), 200)
    expect(await signersOf(owner.accountId)).toEqual([owner.signer.id])
    expect((await ask(openWallet(place(), owner.walletId))).body).toContain(owner.keychain)
  })

  it('a key that recovery let in reads nothing of what the owner asked for before', async () => {
    const owner = await settleOwner(place(), randomness)
    const asking = { networkPassphrase: NETWORK, account: owner.accountId, by: owner.signer }
    const papers = randomness.token(24)
    const tx = recoveryRequest(asking, { signers: [owner.signer.id], details: JSON.stringify({ blob_id: papers }) })
    await mustAnswer(call(place(), 'POST /v3/transactions', { body: { tx } }), 200)
    const thief = await recover(owner)
    const listed = async (by: IdentityOwner) =>
      call(place(), `GET /v3/kyc_recovery_requests?filter[requestor]=${owner.accountId}`, { by: by.signer })
    expect((await listed(owner)).body).toContain(papers)
    const own = randomness.token(24)
    const wanted = { signers: [thief.signer.id], details: JSON.stringify({ blob_id: own }) }
    const asked = recoveryRequest({ ...asking, by: thief.signer }, wanted)
    await mustAnswer(call(place(), 'POST /v3/transactions', { body: { tx: asked } }), 200)
    const seen = await listed(thief)
    expect([seen.status, seen.body.includes(own), seen.body.includes(papers)]).toEqual([200, true, false])
  })

  it('an account that is there gets no wallet of whoever asks, though its signers are known to all', async () => {
    const owner = await settleOwner(place(), randomness)
    await mustAnswer(call(place(), `DELETE /wallets/${owner.walletId}`, { by: world.admin }), 204)
    const stranger = { ...newIdentityOwner(randomness, { signer: owner.signer }), accountId: owner.accountId }
    const made = await signUp(place(), stranger)
    expect([made.status, await signersOf(owner.accountId)]).toEqual([409, [owner.signer.id]])
  })
})
