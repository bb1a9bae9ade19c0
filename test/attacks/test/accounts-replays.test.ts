import { derToP1363, fromHex, p1363ToDer, toHex } from '@strongroom/crypto'
import { chainOf, beginTwoFactor, addition, signedBy } from '@strongroom/mpc-auth/testing/chain'
import {
  type AccountsWorld,
  assertionOf,
  newKey,
  personOf,
  refused,
  signedIn,
  startAccounts,
} from '@strongroom/mpc-auth/testing/accounts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { twinOf } from '../src/index.ts'
import { asks, pass } from './accounts.ts'
import {
  addDevice,
  approvalOf,
  changeIn,
  cloudKey,
  relayed,
  type SecondDevice,
  settle,
  type Settled,
} from './accounts-devices.ts'
import { kill } from './key-server.ts'

const usedUp = [400, 'ChallengeNotFound']
const twin = (signature: string): string => toHex(derToP1363(fromHex(twinOf(toHex(p1363ToDer(fromHex(signature)))))))

describe('case 12, replayed signatures, on the accounts of mpc-auth', { timeout: 120_000 }, () => {
  let world: AccountsWorld
  let ann: Settled
  let bob: Settled
  let tablet: SecondDevice
  beforeAll(async () => {
    world = await startAccounts({ processes: 2 })
    ;[ann, bob] = await Promise.all([settle(personOf(world)), settle(personOf(world))])
    tablet = await addDevice(world, ann)
  })
  afterAll(() => world[Symbol.asyncDispose]())

  const subject = () => ann.person.subject

  it('an answer to a challenge is good once, it or its twin, at every process, over restarts', async () => {
    const { person, phone } = ann
    const data = await person.challenge(phone.publicKey)
    const signature = phone.sign(data)
    expect((await person.respond(data, signature)).status).toBe(200)
    const dying = world.app.processes[1]
    if (dying) await kill(dying)
    await world.app.spawn()
    for (const process of [0, 2])
      for (const shown of [signature, twin(signature)])
        expect(refused(await personOf(world, { subject: subject(), process }).respond(data, shown))).toEqual(usedUp)
    // It is the use that refuses it, and nothing else of it.
    await world.app.sql('update chain_accounts.challenges set used_at = null')
    expect((await person.respond(data, twin(signature))).status).toBe(200)
  })

  it('of an answer and its twin either is good, and never both; a new challenge is answered', async () => {
    const { person, phone } = ann
    for (const first of ['itself', 'twin']) {
      const data = await person.challenge(phone.publicKey)
      const both = [phone.sign(data), twin(phone.sign(data))]
      const order = first === 'itself' ? both : both.toReversed()
      const answers = await Promise.all(order.map((one) => person.respond(data, one)))
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
      expect(answers.filter(({ status }) => status === 400)).toHaveLength(1)
    }
    expect((await person.signIn(phone)).status).toBe(200)
  })

  it('an answer is good for its challenge, type, key and account', async () => {
    const { person, phone } = ann
    const answered = async (body: object) => refused(await person.post('/auth/v1/signin/challenge/respond', body))
    const [one, other] = [await person.challenge(phone.publicKey), await person.challenge(phone.publicKey)]
    expect(refused(await person.respond(other, phone.sign(one)))).toEqual([401, 'InvalidSignature'])
    // A wrong answer used it up.
    expect(refused(await person.respond(other, phone.sign(other)))).toEqual(usedUp)
    const newDeviceKey = { type: 'device', publicKey: newKey().publicKey }
    const recoveryKey = { signature: phone.sign(one), newDeviceKey }
    expect(await answered({ challengeType: 'recoveryKey', challengeData: one, recoveryKey })).toEqual(usedUp)
    const another = await person.challenge(phone.publicKey)
    const passKey = assertionOf(phone, Buffer.from(another, 'hex'))
    expect(await answered({ challengeType: 'passKey', challengeData: another, passKey })).toEqual(usedUp)
    for (const [asker, signer] of [
      [ann, tablet.key],
      [ann, bob.phone],
      [bob, phone],
    ] as const) {
      const data = await asker.person.challenge(asker.phone.publicKey)
      expect(refused(await asker.person.respond(data, signer.sign(data)))).toEqual([401, 'InvalidSignature'])
    }
    expect(refused(await bob.person.begin(phone.publicKey))).toEqual([400, 'PleaseRegisterKey'])
  })

  it('a passkey’s assertion is good once, for its challenge, and its count only rises', async () => {
    const [cay, passkey] = [personOf(world), newKey()]
    const userKey = { type: 'passkey', publicKey: passkey.publicKey, passKey: { platform: 'ios' } }
    expect((await cay.signUp(passkey, { userKey })).status).toBe(201)
    const challenge = () => cay.challenge(passkey.publicKey, 'passKey')
    const show = async (challengeData: string, passKey: object) =>
      cay.post('/auth/v1/signin/challenge/respond', { challengeType: 'passKey', challengeData, passKey })
    const assertion = (data: string, count: number) => assertionOf(passkey, Buffer.from(data, 'hex'), count)
    const soon = { timeout: 60_000, interval: 300 }
    let [data, used] = ['', {}]
    const signIn = async () => {
      data = await challenge()
      used = assertion(data, 5)
      return (await show(data, used)).status
    }
    // While it does not stand, its count rises all the same.
    await expect
      .poll(async () => {
        await world.app.sql(
          `update chain_accounts.keys set sign_count = 0 where public_key = '\\x${passkey.publicKey}'`,
        )
        return signIn()
      }, soon)
      .toBe(200)
    expect(refused(await show(data, used))).toEqual(usedUp)
    expect(refused(await show(await challenge(), used))).toEqual([401, 'InvalidSignature'])
    for (const count of [4, 5, 0]) {
      const again = await challenge()
      expect(refused(await show(again, assertion(again, count)))).toEqual([401, 'InvalidSignature'])
    }
    const next = await challenge()
    expect((await show(next, assertion(next, 6))).status).toBe(200)
  })

  it('what a device signed is sent once: for its account, nonce and key; asked again at once it is answered the same', async () => {
    const { person, token, phone } = ann
    const send = (body: unknown, by = token) => person.post('/sign/v1/evm/transaction', body, by)
    // Its nonce is used: on the chain by itself, and here.
    expect(refused(await send(tablet.sent))).toEqual([400, 'InvalidRequest'])
    expect(refused(await send(tablet.sent, bob.token))).toEqual([400, 'InvalidRequest'])

    const chain = chainOf(world)
    const laptop = newKey()
    const begun = await beginTwoFactor(person, laptop)
    const body = await signedBy(chain, begun.call, [phone])
    expect(refused(await send(body, bob.token))).toEqual([403, 'Forbidden'])
    const bobs = await signedBy(chain, await chain.describeChange(bob.address, addition(laptop)), [bob.phone])
    const [mine] = body.signatures
    expect(refused(await send({ ...bobs, signatures: [mine] }, bob.token))).toEqual([401, 'InvalidSignature'])
    expect(refused(await send({ ...body, signatures: [mine, mine] }))).toEqual([401, 'InvalidSignature'])
    expect(refused(await send({ ...body, chainName: 'ethereum-goerli' }))).toEqual([400, 'UnsupportedChain'])

    const twins = { ...body, signatures: body.signatures.map((one) => ({ ...one, signature: twin(one.signature) })) }
    const answers = await Promise.all([send(body), send(twins), send(body)])
    const ids = answers
      .filter(({ status }) => status === 200)
      .map((one) => (one.body as { transaction: { id: string } }).transaction.id)
    expect([answers.map(({ status }) => status), new Set(ids).size]).toEqual([expect.arrayContaining([200]), 1])
    const [sent] = answers.filter(({ status }) => status === 200)
    if (sent) await relayed(person, token, sent)
    for (const shown of [body, twins]) expect(refused(await send(shown))).toEqual([400, 'InvalidRequest'])
    const standing = await chain.readAccount(ann.address)
    expect(standing?.signers.filter((one) => toHex(one.publicKey) === laptop.publicKey)).toHaveLength(1)
  })

  it('an approval is good once, for its change, by its key', async () => {
    const { person, token, phone } = ann
    const chain = chainOf(world)
    const propose = async (cloud: ReturnType<typeof newKey>) => {
      expect((await person.post('/key/v1/recovery', cloudKey(cloud), token)).status).toBe(200)
      return signedBy(chain, await chain.describeChange(ann.address, addition(cloud)), [phone])
    }
    const send = (body: unknown) => person.post('/sign/v1/evm/transaction', body, token)
    const approve = (id: string, signature: string, { key, token: by } = tablet) =>
      person.post(`/sign/v1/changes/${id}/approve`, { approval: { publicKey: key.publicKey, signature } }, by)
    const [one, other] = [await propose(newKey()), await propose(newKey())]
    const [first, second] = [changeIn(await send(one)), changeIn(await send(other))]
    const approval = tablet.key.sign(approvalOf(first))
    expect(refused(await approve(second.id, approval))).toEqual([401, 'InvalidSignature'])
    expect(refused(await approve(first.id, phone.sign(approvalOf(first))))).toEqual([401, 'InvalidSignature'])
    expect(refused(await approve(first.id, approval, { ...tablet, token: bob.token }))).toEqual([404, 'NotFound'])
    expect(refused(await approve(first.id, approval, { ...tablet, token }))).toEqual([403, 'Forbidden'])
    expect((await approve(first.id, approval)).status).toBe(200)
    for (const shown of [approval, twin(approval)])
      expect(refused(await approve(first.id, shown))).toEqual([400, 'InvalidRequest'])

    // Cancelled, and asked for once more: what was approved then is not approved now.
    expect((await asks(world, tablet.token)('DELETE', `/sign/v1/changes/${first.id}`)).status).toBe(204)
    const again = changeIn(await send(one))
    expect(again.id).not.toBe(first.id)
    for (const shown of [approval, twin(approval)])
      expect(refused(await approve(again.id, shown))).toEqual([401, 'InvalidSignature'])
    // Nor is a challenge that was answered, or a transaction that was signed, by whatever chance their bytes are these.
    expect(refused(await approve(again.id, tablet.key.sign(again.digest)))).toEqual([401, 'InvalidSignature'])
    expect((await approve(again.id, tablet.key.sign(approvalOf(again)))).status).toBe(200)
  })

  it('a two-factor request is finished once, and its token is good for it alone', async () => {
    const finish = (id: string, by: string) =>
      ann.person.post('/auth/v1/signin/2fa/finish', { twoFactorAuthRequestId: id }, by)
    expect(refused(await finish(tablet.requestId, tablet.requestToken))).toEqual([400, 'InvalidRequest'])
    const begun = await beginTwoFactor(bob.person, newKey())
    expect(refused(await finish(tablet.requestId, begun.token))).toEqual([404, 'NotFound'])
    expect(refused(await finish(begun.id, tablet.requestToken))).toEqual([404, 'NotFound'])
    for (const by of [ann.token, ann.refreshToken])
      expect(refused(await finish(begun.id, by))).toEqual([401, 'InvalidToken'])
  })

  it('a refresh token is good once; again within half a minute it has the same successor, later its family ends', async () => {
    const { credentials } = signedIn(await ann.person.signIn(ann.phone))
    const renew = (refreshToken: string, process = 0) =>
      personOf(world, { process }).post('/auth/v1/refresh', { refreshToken })
    const me = async (token: string) => (await ann.person.get('/account/v1/me', token)).status
    const { refreshToken: used, accessToken } = credentials
    const { credentials: next } = signedIn(await renew(used))
    const [head, claims, signature = ''] = used.split('.')
    const other = [
      head,
      claims,
      Buffer.from(twin(Buffer.from(signature, 'base64url').toString('hex')), 'hex').toString('base64url'),
    ]
    // The twin of its own signature is the same token.
    for (const shown of [used, other.join('.')]) {
      const answer = await renew(shown, 2)
      expect([answer.status, signedIn(answer).credentials.refreshToken]).toEqual([200, next.refreshToken])
    }
    for (const token of [accessToken, next.accessToken])
      expect(refused(await renew(token))).toEqual([401, 'InvalidToken'])
    expect(await me(next.refreshToken)).toBe(401)
    await pass(world, '31 seconds')
    expect(await me(next.accessToken)).toBe(200)
    expect(refused(await renew(other.join('.')))).toEqual([401, 'RefreshTokenReused'])
    for (const shown of [used, next.refreshToken])
      expect(refused(await renew(shown))).toEqual([401, 'RefreshTokenReused'])
    for (const token of [accessToken, next.accessToken]) expect(await me(token)).toBe(401)
    // Those of another sign-in go on.
    expect(await me(ann.token)).toBe(200)
  })

  // Last: from now on every app is asked for its secret.
  it('what was signed for one app is none of another’s, and a token of one is none at another', async () => {
    const { app } = world
    const secretIn = ({ output }: { output: string }) => /^secret (\S+)$/m.exec(output)?.[1] ?? ''
    const [id = ''] = /^[0-9a-f-]{36}(?= default)/m.exec((await app.run('list-apps')).output) ?? []
    const own = secretIn(await app.run('rotate-app-secret', id, '0'))
    const foreign = secretIn(await app.run('add-app', 'Another wallet'))
    const at = (secret: string) => personOf(world, { subject: subject(), headers: { 'x-app-secret': secret } })
    expect((await at(own).begin(ann.phone.publicKey)).text).toContain('challengeData')
    const data = await at(own).challenge(ann.phone.publicKey)
    expect(refused(await at(foreign).respond(data, ann.phone.sign(data)))).toEqual(usedUp)
    expect(refused(await at(foreign).begin(ann.phone.publicKey))).toEqual([400, 'PleaseSignUp'])
    const { credentials } = signedIn(await at(own).signIn(ann.phone))
    expect((await at(own).get('/account/v1/me', credentials.accessToken)).status).toBe(200)
    expect(refused(await at(foreign).get('/account/v1/me', credentials.accessToken))).toEqual([401, 'InvalidToken'])
    const { refreshToken } = credentials
    expect(refused(await at(foreign).post('/auth/v1/refresh', { refreshToken }))).toEqual([401, 'InvalidToken'])
    expect((await at(own).post('/auth/v1/refresh', { refreshToken })).status).toBe(200)
    expect(refused(await at('').get('/account/v1/me', credentials.accessToken))).toEqual([401, 'InvalidAppSecret'])
  })
})
