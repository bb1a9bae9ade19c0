import { randomBytes } from 'node:crypto'
import { sql } from '@strongroom/storage'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { drawKey } from '../src/accounts/new-key.ts'
import { insertKey } from '../src/accounts/keys-store.ts'
import { findAccount } from '../src/accounts/store.ts'
import { issueChallenge } from '../src/sign-in/store.ts'
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

test('challenges that several processes issue at once leave room for five', async () => {
  const { account, phone } = await settled()
  const { keyId, appId } = await world.owner.one(
    z.object({ keyId: z.uuid(), appId: z.uuid() }),
    sql`select k.id as "keyId", a.app_id as "appId" from chain_accounts.keys as k
          join chain_accounts.accounts as a on a.id = k.account_id
         where a.id = ${account.id} and k.public_key = decode(${phone.publicKey}, 'hex')`,
  )
  const place = { accountId: account.id, keyId, appId, type: 'deviceKey', chainName: 'local' } as const
  const bounds = { lifetime: 300, live: 5 }
  // The pool in place of the shared connection, on which one process queues up anyhow.
  const processes = { relaxed: world.database }
  const left = []
  for (let round = 0; round < 10; round++) {
    await Promise.all(
      Array.from({ length: 10 }, () => issueChallenge(processes, { ...place, digest: randomBytes(32) }, bounds)),
    )
    const { live } = await world.owner.one(
      z.object({ live: z.int() }),
      sql`select count(*)::int as live from chain_accounts.challenges where key_id = ${keyId} and used_at is null`,
    )
    left.push(live)
  }
  expect(left).toEqual(left.map(() => 5))
})

test('answers from one address are counted, whatever they answer', async () => {
  const few = await startWorld({ arrivals: 3 })
  try {
    const nobody = personOf(few.baseUrl)
    const answers = []
    for (let asked = 0; asked < 4; asked++) {
      const data = randomBytes(32).toString('hex')
      answers.push(refused(await nobody.respond(data, newDevice().sign(data))))
    }
    expect(answers).toEqual([gone, gone, gone, [429, 'TooManyRequests']])
    // Logins are counted beside them.
    expect((await nobody.begin(newDevice())).status).toBe(400)
  } finally {
    await few.stop()
  }
})
