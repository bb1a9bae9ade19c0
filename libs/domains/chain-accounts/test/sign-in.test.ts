import { sql } from '@strongroom/storage'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { insertKey } from '../src/accounts/keys-store.ts'
import { drawUserKey } from '../src/accounts/new-key.ts'
import { findAccount } from '../src/accounts/store.ts'
import { bodyOf, newDevice, newPasskey, newSubject, personOf, refused } from './client.ts'
import { passkeyRules, startWorld, type World } from './world.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.stop())

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
async function add(accountId: string, publicKey: string) {
  const owner = await findAccount(world.database, accountId)
  if (!owner) throw new Error('no account')
  const wish = { id: world.deps.newId(), state: 'active', key: { type: 'device', publicKey } } as const
  const drawn = await drawUserKey(world.hsm, owner, wish)
  await world.database.transaction((tx) => insertKey(tx, drawn))
}
const wrong = [401, 'InvalidSignature']
const gone = [400, 'ChallengeNotFound']

test('a registered key signs the text of the challenge, and is signed in', async () => {
  const { ann, phone, account } = await settled()
  const begun = await ann.begin(phone)
  expect([begun.status, begun.body]).toEqual([
    200,
    { challengeData: expect.stringMatching(/^[0-9a-f]{64}$/), expiresAt: expect.stringMatching(/Z$/) },
  ])
  const { challengeData } = begun.body as { challengeData: string }
  const answer = await ann.respond(challengeData, phone.sign(challengeData))
  expect([answer.status, bodyOf(answer).account]).toEqual([200, { ...account, updatedAt: expect.any(String) }])
  const me = await ann.get('/account/v1/me', bodyOf(answer).credentials.accessToken)
  expect(me.status).toBe(200)
})

test('the 32 bytes that the text means may be signed instead; either form is good once', async () => {
  const { ann, phone } = await settled()
  const data = await ann.challenge(phone)
  const [bytes, text] = [phone.signBytes(Buffer.from(data, 'hex')), phone.sign(data)]
  expect((await ann.respond(data, bytes)).status).toBe(200)
  expect(refused(await ann.respond(data, text))).toEqual(gone)
})

test('an s may be high or low', async () => {
  const { ann, phone } = await settled()
  const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
  const data = [await ann.challenge(phone), await ann.challenge(phone)]
  const signature = phone.sign(data[0] ?? '')
  const s = BigInt(`0x${signature.slice(64)}`)
  const twin = `${signature.slice(0, 64)}${(order - s).toString(16).padStart(64, '0')}`
  expect((await ann.respond(data[0] ?? '', twin)).status).toBe(200)
  // The twin of what was used up is no second answer.
  expect(refused(await ann.respond(data[0] ?? '', signature))).toEqual(gone)
  expect((await ann.respond(data[1] ?? '', phone.sign(data[1] ?? ''))).status).toBe(200)
})

describe('a challenge', () => {
  test('is answered once, by one of many at once', async () => {
    const { ann, phone } = await settled()
    const data = await ann.challenge(phone)
    const answers = await Promise.all(Array.from({ length: 20 }, () => ann.respond(data, phone.sign(data))))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 400)).toHaveLength(19)
  })

  test('is used up by a wrong answer', async () => {
    const { ann, phone } = await settled()
    const data = await ann.challenge(phone)
    expect(refused(await ann.respond(data, newDevice().sign(data)))).toEqual(wrong)
    expect(refused(await ann.respond(data, phone.sign(data)))).toEqual(gone)
  })

  test('is answered in its time', async () => {
    const { ann, phone } = await settled()
    const [early, late] = [await ann.challenge(phone), await ann.challenge(phone)]
    await world.pass('280 seconds')
    expect((await ann.respond(early, phone.sign(early))).status).toBe(200)
    await world.pass('21 seconds')
    expect(refused(await ann.respond(late, phone.sign(late)))).toEqual([400, 'ChallengeExpired'])
    expect(refused(await ann.respond(late, phone.sign(late)))).toEqual(gone)
  })

  test('of nobody is not found', async () => {
    const { ann, phone } = await settled()
    const data = 'ab'.repeat(32)
    expect(refused(await ann.respond(data, phone.sign(data)))).toEqual(gone)
  })

  test('is not answered by another type, which uses it up', async () => {
    const { ann, phone } = await settled()
    const data = await ann.challenge(phone)
    const passKey = newPasskey(passkeyRules).assert(data)
    const answer = await ann.post('/auth/v1/signin/challenge/respond', {
      challengeType: 'passKey',
      challengeData: data,
      passKey,
    })
    expect(refused(answer)).toEqual(gone)
    expect(refused(await ann.respond(data, phone.sign(data)))).toEqual(gone)
  })

  test('is not answered by another key of the same account', async () => {
    const { ann, phone, account } = await settled()
    const data = await ann.challenge(phone)
    const other = newDevice()
    expect(refused(await ann.respond(data, other.sign(data)))).toEqual(wrong)
    expect(refused(await ann.begin(other))).toEqual([400, 'PleaseRegisterKey'])
    expect(account.id).not.toBe('')
  })

  test('makes room for newer ones: five live, the oldest goes', async () => {
    const { ann, phone, account } = await settled()
    const all: string[] = []
    for (let i = 0; i < 6; i++) all.push(await ann.challenge(phone))
    const { live } = await world.owner.one(
      z.object({ live: z.int() }),
      sql`select count(*)::int as live from chain_accounts.challenges
           where account_id = ${account.id} and used_at is null and expires_at > strongroom.now()`,
    )
    expect(live).toBe(5)
    expect(refused(await ann.respond(all[0] ?? '', phone.sign(all[0] ?? '')))).toEqual(gone)
    for (const data of all.slice(1)) expect((await ann.respond(data, phone.sign(data))).status).toBe(200)
  })

  test('of one key makes no room for those of another: who has the login holds nobody out', async () => {
    const { ann, phone, account } = await settled()
    const tablet = newDevice()
    await add(account.id, tablet.publicKey)
    const data = await ann.challenge(phone)
    for (let asked = 0; asked < 6; asked++) expect((await ann.begin(tablet)).status).toBe(200)
    expect((await ann.respond(data, phone.sign(data))).status).toBe(200)
  })

  test('that was answered wrongly stays used up, though nobody could write it down', async () => {
    const { ann, phone } = await settled()
    const data = await ann.challenge(phone)
    await world.owner.run(sql`
      create function public.away() returns trigger language plpgsql as
      $$ begin raise exception 'away' using errcode = '57014'; end $$`)
    await world.owner.run(sql`
      create trigger away before insert on audit.events for each row
        when (new.event = 'account.signature-refused') execute function public.away()`)
    expect((await ann.respond(data, newDevice().sign(data))).status).toBe(503)
    await world.owner.run(sql`drop function public.away cascade`)
    expect(refused(await ann.respond(data, phone.sign(data)))).toEqual(gone)
  })

  test('is not in the database: a dump answers none', async () => {
    const { ann, phone } = await settled()
    const data = await ann.challenge(phone)
    const rows = await world.owner.many(
      z.object({ row: z.string() }),
      sql`select row_to_json(c)::text as row from chain_accounts.challenges as c`,
    )
    expect(JSON.stringify(rows)).not.toContain(data.slice(0, 32))
  })
})

describe('a signature of another message', () => {
  test.each<[string, (data: string) => Uint8Array]>([
    ['in upper case', (data) => Buffer.from(data.toUpperCase())],
    ['with 0x', (data) => Buffer.from(`0x${data}`)],
    ['in quotes', (data) => Buffer.from(JSON.stringify(data))],
    ['of nothing', () => new Uint8Array()],
    ['with a byte more', (data) => Buffer.from(`${data}\n`)],
  ])('is wrong: %s', async (_, message) => {
    const { ann, phone } = await settled()
    const data = await ann.challenge(phone).then((one) => one)
    // Digits alone have no upper case.
    const signed = Buffer.from(message(data)).equals(Buffer.from(data)) ? Buffer.from('') : message(data)
    expect(refused(await ann.respond(data, phone.signBytes(signed)))).toEqual(wrong)
  })

  test('is wrong in DER, short, zero or of another length', async () => {
    const { ann, phone } = await settled()
    const data = await ann.challenge(phone)
    for (const signature of [phone.signBytes(Buffer.from(data), 'der'), 'ab', `${phone.sign(data)}00`])
      expect(refused(await ann.respond(data, signature))).toEqual([400, 'InvalidRequest'])
    expect(refused(await ann.respond(data, '0'.repeat(128)))).toEqual(wrong)
  })
})

describe('who has not', () => {
  test('signed up is told so in the words that clients look for', async () => {
    const answer = await personOf(world.baseUrl).begin(newDevice())
    expect(refused(answer)).toEqual([400, 'PleaseSignUp'])
    expect(answer.text).toContain('please sign up')
  })

  test('registered the key is told so, whoever else has it', async () => {
    const [{ ann }, { phone }] = [await settled(), await settled()]
    expect(refused(await ann.begin(phone))).toEqual([400, 'PleaseRegisterKey'])
    expect(refused(await ann.begin({ publicKey: newDevice().publicKey }))).toEqual([400, 'PleaseRegisterKey'])
  })

  test('a device’s key is told so of a device’s key as passkey', async () => {
    const { ann, phone } = await settled()
    expect(refused(await ann.begin(phone, { type: 'passKey' }))).toEqual([400, 'PleaseRegisterKey'])
    expect(refused(await ann.begin(phone, { type: 'recoveryKey' }))).toEqual([400, 'PleaseRegisterKey'])
  })
})

test('our own key signs nobody in', async () => {
  const { ann, phone } = await settled()
  const { credentials } = bodyOf(await ann.signIn(phone))
  const { body } = await ann.get('/key/v1/keys', credentials.accessToken)
  const [ours] = (body as { keys: { publicKey: string }[] }).keys
  for (const type of ['deviceKey', 'passKey', 'recoveryKey'])
    expect(refused(await ann.begin({ publicKey: ours?.publicKey ?? '' }, { type }))).toEqual([400, 'PleaseRegisterKey'])
})

describe('a key that was', () => {
  const set = (publicKey: string, change: string) =>
    world.owner.run({
      text: `update chain_accounts.keys set ${change} where public_key = decode($1, 'hex')`,
      values: [publicKey],
    })
  test.each([
    ['written as active past us', "state = 'active', stamp = sha256('x')"],
    ['given another kind', "kind = 'cloud', type = 'recover-key'"],
  ])('%s signs nobody in', async (_, change) => {
    const { ann, phone } = await settled()
    await set(phone.publicKey, change)
    for (const type of ['deviceKey', 'recoveryKey'])
      expect(refused(await ann.begin(phone, { type }))).toEqual([400, 'PleaseRegisterKey'])
  })

  test('swapped for another’s under a challenge is not believed', async () => {
    const { ann, phone } = await settled()
    const thief = newDevice()
    const data = await ann.challenge(phone)
    await set(phone.publicKey, `public_key = decode('${thief.publicKey}', 'hex')`)
    expect(refused(await ann.respond(data, thief.sign(data)))).toEqual([400, 'PleaseRegisterKey'])
  })
})

test('who signs in with a login of another name has no part in the account', async () => {
  const { phone } = await settled()
  expect(refused(await personOf(world.baseUrl, newSubject()).begin(phone))).toEqual([400, 'PleaseSignUp'])
})
