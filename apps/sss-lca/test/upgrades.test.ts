import { once } from 'node:events'
import { type AppProcess, overtaken } from '@strongroom/test-world'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { clientOf, type Person, personOf, startSssLca, type World } from './client.ts'
import { type FirebaseGate, firebaseGate } from './firebase-gate.ts'
import { inThisOrder, movedWhileRead } from './in-between.ts'
import { passTime } from './pass-time.ts'
import { codeTo, messagesTo, newEmail, newPhone, newShare } from './people.ts'

let world: World
let gate: FirebaseGate
/** One process that answers and works, and links through a service account, as in production. */
let serving: AppProcess
beforeAll(async () => {
  gate = await firebaseGate()
  world = await startSssLca({ processes: 0, settings: { FIREBASE_AUTH_EMULATOR_HOST: gate.host } })
  gate.lead(world.issuer.firebaseHost)
  serving = await start()
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
  await gate.close()
})

const start = async () => {
  const { FCM_SERVICE_ACCOUNT } = await world.app.outbox.push.environment()
  return world.app.spawn({ FIREBASE_SERVICE_ACCOUNT: FCM_SERVICE_ACCOUNT })
}

interface Owner {
  readonly ann: Person
  readonly phone: string
  readonly email: string
  readonly share: string
  readonly code: string
}

async function sendCode(email: string, baseUrl = serving.baseUrl): Promise<string> {
  const { status } = await clientOf(baseUrl).ask({ path: '/send-login-verification-code', body: { email } })
  expect(status).toBe(200)
  return codeTo(world.app, email)
}

/** Somebody with a record under a phone number, and a code for an address. */
async function owner(baseUrl = serving.baseUrl): Promise<Owner> {
  const [phone, email, share] = [newPhone(), newEmail(), newShare()]
  const ann = personOf(world, { phone, baseUrl })
  expect((await ann.put(share)).status).toBe(200)
  return { ann, phone, email, share, code: await sendCode(email, baseUrl) }
}

const upgrade = ({ ann, phone, email, code }: Owner) => ann.upgrade({ previousPhone: phone, email, code })
const under = (ann: Person, contact: { email: string } | { phone: string }) =>
  personOf(world, { ...contact, seed: ann.seed, baseUrl: serving.baseUrl })
const linkFailed = [500, { message: 'Failed to link email to your account. Please try again.' }] as const
const unfinished = async () =>
  Number((await world.app.sql('select count(*)::int as n from secret_shares.upgrades'))[0]?.['n'])
/** No request takes a minute: what is older was left. */
const sweep = () => passTime(world.app, '61 seconds')

async function killedWhile(mood: 'hang' | 'answer-lost', prepare?: (email: string) => Promise<unknown>) {
  const doomed = await start()
  const person = await owner(doomed.baseUrl)
  await prepare?.(person.email)
  gate.turn(mood, person.email)
  const answer = upgrade(person).catch(() => 'nobody answered')
  await gate.asked(person.email)
  const gone = once(doomed.child, 'exit')
  doomed.child.kill('SIGKILL')
  await gone
  expect(await answer).toBe('nobody answered')
  expect(await unfinished()).toBe(1)
  gate.turn('open', person.email)
  await sweep()
  await expect.poll(unfinished).toBe(0)
  return person
}

describe('a process that dies between its commit and the answer of the provider', () => {
  test.each(['hang', 'answer-lost'] as const)('has its upgrade finished by another (%s)', async (mood) => {
    const { ann, email, share } = await killedWhile(mood)
    // The person at the provider has the address: one who is named by it alone is the same.
    expect((await under(ann, { email }).get()).body).toMatchObject({ authShare: { encryptedData: share } })
  })

  test('has its upgrade taken back by another, where the address is somebody else’s', async () => {
    const { ann, phone, share } = await killedWhile('hang', (email) => world.issuer.issueToken({ email }))
    expect((await under(ann, { phone }).get()).body).toMatchObject({ authShare: { encryptedData: share } })
    expect((await under(ann, { phone }).put(newShare())).body).toMatchObject({ shareVersion: 2 })
  })
})

describe('a provider that is away', () => {
  test('is reported; the record has moved, and the next sweep tells the provider', async () => {
    const person = await owner()
    const { ann, email, phone, share } = person
    gate.turn('away', email)
    const { status, body } = await upgrade(person)
    expect([status, body]).toMatchObject(linkFailed)
    // Nobody knows what the provider did: the record stays where the code proved it to be.
    expect((await ann.get()).body).toBeNull()
    await sweep()
    await gate.asked(email, 2)
    // Put off before the clock is shifted again: else by the time that it is shifted to, and not due then.
    const putOff = `select from secret_shares.upgrades where at > strongroom.now() - interval '1 minute'`
    await expect.poll(async () => (await world.app.sql(putOff)).length).toBe(1)
    expect(await unfinished()).toBe(1)
    gate.turn('open', email)
    await sweep()
    await expect.poll(unfinished).toBe(0)
    expect((await under(ann, { email }).get()).body).toMatchObject({ authShare: { encryptedData: share } })
    expect((await messagesTo(world.app, phone, 1)).at(-1)?.text).toContain('moved')
  })

  test('and has no such address to give: the record goes back to its number', async () => {
    const person = await owner()
    const { ann, email, share } = person
    gate.turn('no-address', email)
    const { status, body } = await upgrade(person)
    expect([status, body]).toMatchObject(linkFailed)
    expect((await ann.get()).body).toMatchObject({ authShare: { encryptedData: share } })
    expect(await unfinished()).toBe(0)
  })

  test('for one person holds nobody else up', async () => {
    const [stuck, other] = [await owner(), await owner()]
    for (const one of [stuck, other]) gate.turn('away', one.email)
    for (const one of [stuck, other]) expect((await upgrade(one)).status).toBe(500)
    gate.turn('open', other.email)
    await sweep()
    await expect.poll(unfinished).toBe(1)
    expect((await under(other.ann, { email: other.email }).get()).status).toBe(200)
    gate.turn('open', stuck.email)
    await sweep()
    await expect.poll(unfinished).toBe(0)
  })

  test('and then says no: what was stored under the number meanwhile stays, and so does what moved', async () => {
    const person = await owner()
    const { ann, email, phone, share } = person
    await world.issuer.issueToken({ email })
    gate.turn('away', email)
    expect((await upgrade(person)).status).toBe(500)
    const newer = newShare()
    expect((await ann.put(newer)).body).toMatchObject({ shareVersion: 1 })
    gate.turn('open', email)
    await sweep()
    await expect.poll(unfinished).toBe(0)
    expect((await under(ann, { phone }).get()).body).toMatchObject({ authShare: { encryptedData: newer } })
    // The wallet of both knows which one it wants.
    expect((await ann.restore()).body).toMatchObject({ success: true })
    expect((await under(ann, { phone }).get()).body).toMatchObject({ authShare: { encryptedData: share } })
  })
})

describe('at once', () => {
  test('two upgrades of one record: one address has it', async () => {
    for (let round = 0; round < 3; round++) {
      const first = await owner()
      const email = newEmail()
      const second = { ...first, email, code: await sendCode(email) }
      const answers = await Promise.all([upgrade(first), upgrade(second)])
      const statuses = answers.map(({ status }) => status)
      expect(statuses.toSorted((a, b) => a - b)).toEqual([
        200,
        expect.toSatisfy((status) => [404, 409].includes(status as number)),
      ])
      const winner = statuses[0] === 200 ? first : second
      const { body } = await under(first.ann, { email: winner.email }).get()
      expect(body).toMatchObject({ authShare: { encryptedData: first.share } })
    }
  })

  test('what is stored under the number while a move is taken back stays, and ends the move', async () => {
    const person = await owner()
    const { ann, email } = person
    const records = `select from secret_shares.accounts where lookup =
      (select lookup from secret_shares.held where did = '${ann.did}' and reason = 'upgraded')`
    gate.turn('away', email)
    expect((await upgrade(person)).status).toBe(500)
    gate.turn('no-address', email)
    await overtaken({
      adminUrl: world.app.database.adminUrl,
      hold: `insert into secret_shares.accounts
             (id, lookup, contact_type, contact, primary_did, key_provider, security_level, share_version, last_version)
        select gen_random_uuid(), lookup, 'phone', '', 'did:key:of-somebody-else', 'sss', 'basic', 1, 1
          from secret_shares.held where did = '${ann.did}' and reason = 'upgraded'`,
      touching: 'secret_shares.accounts',
      async ask() {
        await sweep()
        await expect.poll(async () => (await world.app.sql(records)).length).toBe(1)
      },
    })
    // Not put off as what fails is: the next look finds the number taken.
    await passTime(world.app, '1 second')
    await expect.poll(unfinished).toBe(0)
    const own = `select contact_type from secret_shares.accounts where primary_did = '${ann.did}'`
    expect(await world.app.sql(own)).toEqual([{ contact_type: 'email' }])
  })

  test('two with one code: it is used once', async () => {
    const person = await owner()
    const statuses = (await Promise.all([upgrade(person), upgrade(person), upgrade(person)])).map(
      ({ status }) => status,
    )
    expect(statuses.filter((status) => status === 200)).toHaveLength(1)
    expect(statuses.filter((status) => ![200, 400, 404, 409].includes(status))).toEqual([])
  })

  test('an upgrade that was overtaken while it read the shares is refused', async () => {
    const person = await owner()
    const { status } = await movedWhileRead(world.app, person.ann.did, () => upgrade(person))
    expect(status).toBe(409)
  })

  test('a recovery share is not found where its record was moved while it was read', async () => {
    const person = await owner()
    const { ann } = person
    expect((await ann.addMethod({ type: 'passkey', encryptedShare: newShare() })).status).toBe(200)
    const { status, body } = await movedWhileRead(world.app, ann.did, () => ann.readMethod({ type: 'passkey' }))
    expect([status, body]).toEqual([200, null])
  })

  test('a rotation that an upgrade overtook is refused: it makes no second record under the number', async () => {
    const person = await owner()
    const { ann, email, share } = person
    const [upgraded, stored] = await inThisOrder(
      world.app,
      () => upgrade(person),
      () => ann.put(newShare()),
    )
    expect([upgraded.status, stored.status]).toEqual([200, 409])
    const records = await world.app.sql(`select id from secret_shares.accounts where primary_did = '${ann.did}'`)
    expect(records).toHaveLength(1)
    expect((await under(ann, { email }).get()).body).toMatchObject({
      shareVersion: 1,
      authShare: { encryptedData: share },
    })
  })

  test('an upgrade that a rotation overtook is refused, and its code still serves', async () => {
    const person = await owner()
    const { ann, email } = person
    const share = newShare()
    const [stored, upgraded] = await inThisOrder(
      world.app,
      () => ann.put(share),
      () => upgrade(person),
    )
    expect([stored.status, upgraded.status]).toEqual([200, 409])
    expect((await ann.get()).body).toMatchObject({ shareVersion: 2 })
    expect((await upgrade(person)).status).toBe(200)
    expect((await under(ann, { email }).get()).body).toMatchObject({
      shareVersion: 2,
      authShare: { encryptedData: share },
    })
  })
})
