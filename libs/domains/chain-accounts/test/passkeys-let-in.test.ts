import { fromHex, toBase64url, toHex } from '@strongroom/crypto'
import { column, sql } from '@strongroom/storage'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { findAccount } from '../src/accounts/store.ts'
import { insertKey } from '../src/accounts/keys-store.ts'
import { drawKey } from '../src/accounts/new-key.ts'
import { type AccountsWorld, accountsWorld } from './accounts-world.ts'
import { type Authenticator, newAuthenticator, type Saying } from './authenticator.ts'
import { type Device, newDevice } from './device.ts'
import { passkeyRules } from './passkey.ts'
import { beginTwoFactor, loginOf, relayed, signed, type SignedUp, signUp } from './person.ts'
import { payment, signing } from './signing.ts'

let world: AccountsWorld
let ann: SignedUp
beforeAll(async () => {
  world = await accountsWorld()
  ann = await signUp(world)
})
afterAll(() => world[Symbol.asyncDispose]())

const challengeBy = async (token?: string): Promise<string> => {
  const path = token === undefined ? '/auth/v1/passkeys/options' : '/key/v1/passkeys/options'
  const answer = await world.ask('POST', path, token === undefined ? {} : { token })
  return (answer.body as { options: { challenge: string } }).options.challenge
}
const newPasskey = (): Authenticator => newAuthenticator(passkeyRules)
/** A passkey as a device that asks to be let in, with how it was made. */
const asking = (passkey: Authenticator, challenge: string, saying: Saying = {}): Device => {
  const { publicKey } = passkey
  const userKey = { type: 'passkey', publicKey, registration: passkey.register(challenge, saying) }
  return { ...newDevice(), publicKey, userKey: userKey as never }
}
const keptIdOf = async (publicKey: string): Promise<string | undefined> => {
  const row = await world.owner.maybe(
    z.object({ id: column.bytes.nullable() }),
    sql`select credential_id as id from chain_accounts.keys where public_key = ${fromHex(publicKey)}`,
  )
  return row?.id ? toBase64url(row.id) : undefined
}
const deny = (id: string) => world.ask('DELETE', `/device/v1/2fa/${id}`, { token: ann.token })
const cannot = { status: 400, error: 'InvalidRequest' }
const noChallenge = { status: 400, error: 'ChallengeNotFound' }

test(
  'a passkey whose making is shown is let in by another device, answers by its id, and its tokens serve',
  { timeout: 240_000 },
  async () => {
    const passkey = newPasskey()
    const asked = await beginTwoFactor(world, ann.login, asking(passkey, await challengeBy(ann.token)))
    expect(asked.answer).toMatchObject({ status: 200 })
    const body = await signed(world, asked.call, [ann.phone])
    const txId = await relayed(
      world,
      ann.token,
      await world.ask('POST', '/sign/v1/evm/transaction', { token: ann.token, body }),
    )
    const approved = await world.ask('POST', `/device/v1/2fa/${asked.id}/approve`, { token: ann.token, body: { txId } })
    expect(approved).toMatchObject({ status: 204 })
    const finished = await world.ask('POST', '/auth/v1/signin/2fa/finish', {
      token: asked.token,
      body: { twoFactorAuthRequestId: asked.id },
    })
    expect(finished).toMatchObject({ status: 200 })

    const begun = { challengeType: 'passKey', request: loginOf(ann.login), publicKey: passkey.publicKey }
    const challenge = await world.ask('POST', '/auth/v1/signin/challenge', { body: begun })
    expect(challenge).toMatchObject({ body: { allowCredentials: [{ type: 'public-key', id: passkey.credentialId }] } })
    const { challengeData } = challenge.body as { challengeData: string }
    const answer = { challengeType: 'passKey', challengeData, passKey: passkey.assert(challengeData) }
    const signedIn = await world.ask('POST', '/auth/v1/signin/challenge/respond', { body: answer })
    const { accessToken } = (signedIn.body as { credentials: { accessToken: string } }).credentials
    expect(await world.ask('GET', '/account/v1/me', { token: accessToken })).toMatchObject({ status: 200 })

    // On the chain it signs by the same id, and by no other.
    const call = await signing(world).callsOf(ann, [payment])
    const decoded = await world.chain.decode(call)
    const message = toHex(decoded?.message ?? new Uint8Array())
    const by = (saying: Saying) => [{ publicKey: passkey.publicKey, passKey: passkey.assert(message, saying) }]
    const send = (saying: Saying) => {
      const request = { chainName: 'local', call, signatures: by(saying) }
      return world.ask('POST', '/sign/v1/evm/transaction', { token: accessToken, body: request })
    }
    expect(await send({ id: newPasskey().credentialId })).toMatchObject({ error: 'InvalidSignature' })
    expect(await send({})).toMatchObject({ status: 200 })
  },
)

test('what was shown stays with the key that waits: once more it is the same, of another id it is another', async () => {
  const passkey = newPasskey()
  const device = asking(passkey, await challengeBy())
  const first = await beginTwoFactor(world, ann.login, device)
  await deny(first.id)
  const again = await beginTwoFactor(world, ann.login, device)
  expect(again.answer).toMatchObject({ status: 200 })
  await deny(again.id)
  const other = asking(passkey, await challengeBy(), { id: newPasskey().credentialId })
  expect((await beginTwoFactor(world, ann.login, other)).answer).toMatchObject(cannot)
  expect(await keptIdOf(passkey.publicKey)).toBe(passkey.credentialId)
})

test('a device of one account draws for nobody else, and nothing is shown twice', async () => {
  const bob = await signUp(world)
  const stolen = newPasskey()
  const { answer } = await beginTwoFactor(world, bob.login, asking(stolen, await challengeBy(ann.token)))
  expect(answer).toMatchObject(noChallenge)
  expect(await keptIdOf(stolen.publicKey)).toBeUndefined()

  const device = asking(newPasskey(), await challengeBy())
  const first = await beginTwoFactor(world, ann.login, device)
  await deny(first.id)
  expect((await beginTwoFactor(world, bob.login, device)).answer).toMatchObject(noChallenge)
  const foreign = asking(newPasskey(), await challengeBy(), { origin: 'https://evil.example' })
  expect((await beginTwoFactor(world, bob.login, foreign)).answer).toMatchObject(cannot)
  const late = asking(newPasskey(), await challengeBy())
  await world.pass('5 minutes')
  expect((await beginTwoFactor(world, bob.login, late)).answer).toMatchObject({
    status: 400,
    error: 'ChallengeExpired',
  })
})

test(
  'a recovery key lets in a passkey that was shown, and none that was shown before',
  { timeout: 240_000 },
  async () => {
    const [bob, cloud] = [await signUp(world), newDevice()]
    const account = await findAccount(world.database, bob.accountId)
    if (!account) throw new Error('no account')
    const wish = { type: 'recover-key', kind: 'cloud', state: 'active', data: {} } as const
    const drawn = await drawKey(world.hsm, account, {
      ...wish,
      id: crypto.randomUUID(),
      publicKey: fromHex(cloud.publicKey),
    })
    await world.database.transaction((tx) => insertKey(tx, drawn))
    const { token } = await beginTwoFactor(world, bob.login, newDevice())
    await world.ask('POST', '/auth/v1/recover', { token })
    const respond = async ({ userKey: newDeviceKey }: Device) => {
      const begun = { challengeType: 'recoveryKey', request: loginOf(bob.login), publicKey: cloud.publicKey }
      const challenge = await world.ask('POST', '/auth/v1/signin/challenge', { body: begun })
      const { challengeData } = challenge.body as { challengeData: string }
      const recoveryKey = { signature: cloud.signText(challengeData), newDeviceKey }
      const body = { challengeType: 'recoveryKey', challengeData, recoveryKey }
      return world.ask('POST', '/auth/v1/signin/challenge/respond', { body })
    }
    const [mine, used] = [newPasskey(), await challengeBy()]
    await beginTwoFactor(world, ann.login, asking(newPasskey(), used))
    expect(await respond(asking(mine, used))).toMatchObject(noChallenge)
    expect(await respond(asking(mine, await challengeBy(ann.token)))).toMatchObject(noChallenge)
    expect(await respond(asking(mine, await challengeBy()))).toMatchObject({ status: 200 })
    expect(await keptIdOf(mine.publicKey)).toBe(mine.credentialId)
  },
)
