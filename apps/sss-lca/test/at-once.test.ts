import { overtaken, type Overtaking } from '@strongroom/test-world'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Person, personOf, startSssLca, type World } from './client.ts'
import { codeTo, newEmail, newPhone, newShare } from './people.ts'

let world: World
beforeAll(async () => {
  world = await startSssLca()
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
})

async function settled(email = newEmail()): Promise<Person> {
  const person = personOf(world, { email })
  expect((await person.put(newShare())).status).toBe(200)
  return person
}

/** While the request waits for a record, that record is another, or gone. */
const whileItWaits = <Answer>(wish: Omit<Overtaking<Answer>, 'adminUrl'>) =>
  overtaken({ adminUrl: world.app.database.adminUrl, ...wish })

const ofRecord = ({ did }: Person) => `primary_did = '${did}'`
const removed = (person: Person) => `delete from secret_shares.accounts where ${ofRecord(person)}`

describe('a record that is removed meanwhile', () => {
  test('is not there for a login that would have been bound to it', async () => {
    const email = newEmail()
    const ann = await settled(email)
    const authToken = await world.issuer.issueToken({ email, subject: `other-${email}` })
    const vp = ann.vp(await ann.challenge())
    const ask = () => ann.ask({ path: '/keys/auth-share', vp, body: { authToken, providerType: 'firebase' } })
    const { status, body } = await whileItWaits({ hold: removed(ann), touching: 'secret_shares.accounts', ask })
    expect([status, body]).toEqual([200, null])
  })

  test('keeps no recovery e-mail, whose code proves nothing any more', async () => {
    const ann = await settled()
    const address = newEmail()
    expect((await ann.addEmail(address)).status).toBe(200)
    const code = await codeTo(world.app, address)
    const { status } = await whileItWaits({
      hold: `select from secret_shares.accounts where ${ofRecord(ann)} for update`,
      touching: 'secret_shares.accounts',
      ask: () => ann.verifyEmail(code),
      change: removed(ann),
    })
    expect(status).toBe(400)
  })
})

test('with a record go its devices, and one that is registered at that moment', async () => {
  const { baseUrl } = await world.app.spawn(await world.app.outbox.push.environment())
  const ann = personOf(world, { email: newEmail(), baseUrl })
  expect((await ann.put(newShare())).status).toBe(200)
  const [account] = await world.app.sql(`select id from secret_shares.accounts where ${ofRecord(ann)}`)
  const id = String(account?.['id'])
  const body = { ...(await ann.login()), kind: 'web', subscription: world.app.outbox.push.subscribe() }
  const { status } = await whileItWaits({
    hold: `select pg_advisory_xact_lock(hashtextextended('qr_login/devices/${id}', 0))`,
    ask: () => ann.ask({ path: '/qr-login/devices', body }),
    change: `${removed(ann)}; delete from qr_login.devices where account_id = '${id}'`,
  })
  expect(status).toBe(404)
  expect(await world.app.sql(`select from qr_login.devices where account_id = '${id}'`)).toEqual([])
})

interface Proved {
  readonly previousPhone: string
  readonly email: string
  readonly code: string
}

test.each<readonly [string, (person: Person, proved: Proved) => Promise<{ readonly status: number }>]>([
  ['gets a way to recover it', (person) => person.addMethod({ type: 'phrase' })],
  ['gets another contact', (person, proved) => person.upgrade(proved)],
])('a record that %s while it is restored: one waits for the other', async (_, change) => {
  const [phone, email] = [newPhone(), newEmail()]
  const ann = personOf(world, { phone })
  expect((await ann.put(newShare())).status).toBe(200)
  await ann.ask({ path: '/send-login-verification-code', body: { email } })
  const proved = { previousPhone: phone, email, code: await codeTo(world.app, email) }
  const record = `secret_shares.accounts where ${ofRecord(ann)}`
  const { status } = await whileItWaits({
    // As a restore does: first what counts for a contact, then its records.
    hold: `select pg_advisory_xact_lock(hashtextextended('secret_shares/notices/' || encode(lookup, 'hex'), 0)) from ${record}`,
    ask: () => change(ann, proved),
    change: `select from ${record} for update`,
  })
  expect(status).toBe(200)
})

/** Somebody who has deleted their record. */
async function deleted(): Promise<Person> {
  const ann = await settled()
  expect((await ann.remove()).status).toBe(200)
  return ann
}

describe('a record that is restored', () => {
  test('makes room for itself where another one is made under its contact meanwhile', async () => {
    const ann = await deleted()
    const made = `insert into secret_shares.accounts
             (id, lookup, contact_type, contact, primary_did, key_provider, security_level, share_version, last_version)
      select gen_random_uuid(), lookup, 'email', '', 'did:key:of-somebody-else', 'sss', 'basic', 1, 1
        from secret_shares.held where did = '${ann.did}'`
    const { status, body } = await whileItWaits({
      hold: made,
      touching: 'secret_shares.held',
      ask: () => ann.restore(),
    })
    expect([status, body]).toEqual([200, { success: true, shareVersion: 1 }])
    expect((await ann.get()).body).toMatchObject({ primaryDid: ann.did, shareVersion: 1 })
  })

  test('is restored by each of many who ask at once', async () => {
    const ann = await deleted()
    const answers = await Promise.all(Array.from({ length: 8 }, () => ann.restore()))
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
  })

  test('is not where its copy was shredded meanwhile', async () => {
    const ann = await deleted()
    const lookup = `(select encode(lookup, 'hex') from secret_shares.held where did = '${ann.did}')`
    const { status } = await whileItWaits({
      hold: `select pg_advisory_xact_lock(hashtextextended('secret_shares/notices/' || ${lookup}, 0))`,
      touching: 'secret_shares.held',
      ask: () => ann.restore(),
      change: `delete from secret_shares.held where did = '${ann.did}'`,
    })
    expect(status).toBe(404)
  })
})
