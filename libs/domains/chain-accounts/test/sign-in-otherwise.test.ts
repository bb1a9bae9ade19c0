import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { drawKey } from '../src/accounts/new-key.ts'
import { insertKey } from '../src/accounts/keys-store.ts'
import { findAccount } from '../src/accounts/store.ts'
import { bodyOf, newDevice, newPasskey, type Person, personOf, refused } from './client.ts'
import { passkeyRules, startWorld, type World } from './world.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.stop())
beforeEach(() => {
  world.recovery.open = false
})

const settle = async () => {
  world.chain.mine()
  await world.activate()
}
async function settled() {
  const [ann, phone] = [personOf(world.baseUrl), newDevice()]
  const { account } = bodyOf(await ann.signUp(phone))
  await settle()
  return { ann, phone, account }
}
const wrong = [401, 'InvalidSignature']
const gone = [400, 'ChallengeNotFound']

describe('a passkey', () => {
  async function settledPasskey() {
    const [ann, passkey] = [personOf(world.baseUrl), newPasskey(passkeyRules)]
    await ann.signUp(passkey, { userKey: { type: 'passkey', publicKey: passkey.publicKey } })
    await settle()
    return { ann, passkey }
  }
  const answer = (ann: Person, challengeData: string, passKey: object) =>
    ann.post('/auth/v1/signin/challenge/respond', { challengeType: 'passKey', challengeData, passKey })

  test('signs in by an assertion over the bytes of the challenge', async () => {
    const { ann, passkey } = await settledPasskey()
    const data = await ann.challenge(passkey, { type: 'passKey' })
    expect((await answer(ann, data, passkey.assert(data))).status).toBe(200)
    expect(refused(await answer(ann, data, passkey.assert(data)))).toEqual(gone)
  })

  test('of another page is wrong, and another challenge’s', async () => {
    const { ann, passkey } = await settledPasskey()
    const [one, two] = [
      await ann.challenge(passkey, { type: 'passKey' }),
      await ann.challenge(passkey, { type: 'passKey' }),
    ]
    expect(refused(await answer(ann, one, passkey.assert(one, { origin: 'https://evil.example' })))).toEqual(wrong)
    expect(refused(await answer(ann, two, passkey.assert('00'.repeat(32))))).toEqual(wrong)
  })

  test('whose counter does not rise was copied', async () => {
    const { ann, passkey } = await settledPasskey()
    const signIn = async (count: number) => {
      const data = await ann.challenge(passkey, { type: 'passKey' })
      return (await answer(ann, data, passkey.assert(data, { count }))).status
    }
    expect([await signIn(5), await signIn(5), await signIn(4), await signIn(6)]).toEqual([200, 401, 401, 200])
  })
})

describe('a recovery key', () => {
  const insertCloudKey = async (accountId: string, publicKey: string) => {
    const account = await findAccount(world.database, accountId)
    if (!account) throw new Error('no account')
    const drawn = await drawKey(world.hsm, account, {
      id: world.deps.newId(),
      state: 'active',
      type: 'recover-key',
      kind: 'cloud',
      publicKey: Buffer.from(publicKey, 'hex'),
      data: { cloudKey: { accountName: 'iCloud' } },
    })
    await world.database.transaction((tx) => insertKey(tx, drawn))
  }

  test('is believed while its owner asked, and for one new key', async () => {
    const { ann, account } = await settled()
    const cloud = newDevice()
    await insertCloudKey(account.id, cloud.publicKey)
    expect(refused(await ann.begin(cloud, { type: 'recoveryKey' }))).toEqual([403, 'Forbidden'])
    world.recovery.open = true
    const data = await ann.challenge(cloud, { type: 'recoveryKey' })
    const newDeviceKey = { type: 'device', publicKey: newDevice().publicKey }
    const respond = (challengeData: string) =>
      ann.post('/auth/v1/signin/challenge/respond', {
        challengeType: 'recoveryKey',
        challengeData,
        recoveryKey: { signature: cloud.sign(challengeData), newDeviceKey },
      })
    const late = await ann.challenge(cloud, { type: 'recoveryKey' })
    expect((await respond(data)).body).toMatchObject({ credentials: { accessToken: 'of a recovery' } })
    expect(world.recovery.begun.at(-1)).toMatchObject({ newKey: newDeviceKey, chainName: 'local' })
    world.recovery.open = false
    expect(refused(await respond(late))).toEqual([403, 'Forbidden'])
  })
})
