import { fromBase64url, sha256, toHex } from '@strongroom/crypto'
import { column, sql } from '@strongroom/storage'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import * as apps from '../src/apps/operate.ts'
import { type Authenticator, AT, BE, BS, newAuthenticator, type Saying, UP, UV } from './authenticator.ts'
import { bodyOf, newDevice, newSubject, type Person, personOf, refused } from './client.ts'
import { passkeyRules, startWorld, type World } from './world.ts'

let world: World
let headers: Readonly<Record<string, string>>
beforeAll(async () => {
  world = await startWorld()
  headers = await appOf('of the tests')
})
afterAll(() => world.stop())

async function appOf(name: string): Promise<Readonly<Record<string, string>>> {
  const added = await apps.addApp(world.database, name)
  if (!added) throw new Error('not added')
  return { 'X-App-Secret': added.secret }
}
const newPerson = (of = headers): Person => personOf(world.baseUrl, newSubject(), of)
const newPasskey = (): Authenticator => newAuthenticator(passkeyRules)

interface Drawn {
  readonly options: { readonly challenge: string; readonly excludeCredentials: readonly object[] }
}
const draw = async (person: Person): Promise<Drawn> =>
  (await person.post('/auth/v1/passkeys/options', undefined)).body as Drawn
const challengeFor = async (person: Person): Promise<string> => (await draw(person)).options.challenge

type Told = ReturnType<Authenticator['register']>
const signUp = (person: Person, { publicKey }: { publicKey: string }, registration: Told) =>
  person.signUp({ publicKey }, { userKey: { type: 'passkey', publicKey, registration } })
/** A passkey is made and told; whatever is wrong with it. */
async function register(person: Person, passkey: Authenticator, saying: Saying = {}) {
  return signUp(person, passkey, passkey.register(await challengeFor(person), saying))
}
const settle = async () => {
  world.chain.mine()
  await world.activate()
}
async function settled(saying: Saying = {}) {
  const [ann, passkey] = [newPerson(), newPasskey()]
  const opened = await register(ann, passkey, saying)
  expect(opened.status).toBe(201)
  await settle()
  const { account, credentials } = bodyOf(opened)
  return { ann, passkey, account, token: credentials.accessToken }
}
type Settled = Awaited<ReturnType<typeof settled>>

const begin = async ({ ann, passkey }: Pick<Settled, 'ann' | 'passkey'>) =>
  (await ann.begin(passkey, { type: 'passKey' })).body as { challengeData: string; allowCredentials?: object[] }
async function signIn({ ann, passkey }: Pick<Settled, 'ann' | 'passkey'>, saying: Saying = {}) {
  const { challengeData } = await begin({ ann, passkey })
  const passKey = passkey.assert(challengeData, saying)
  return ann.post('/auth/v1/signin/challenge/respond', { challengeType: 'passKey', challengeData, passKey })
}
const statusOf = async (...asked: Parameters<typeof signIn>) => (await signIn(...asked)).status
const wrong = [401, 'InvalidSignature']
const noChallenge = [400, 'ChallengeNotFound']
const cannot = [400, 'InvalidRequest']

describe('what a passkey is made by', () => {
  test('is ES256 of a verified person on our pages, with a challenge of which no row holds more than the digest', async () => {
    const answer = await newPerson().post('/auth/v1/passkeys/options', undefined)
    expect(answer).toMatchObject({
      status: 200,
      body: {
        expiresAt: expect.stringMatching(/Z$/) as string,
        options: {
          rp: { id: 'wallet.example.com' },
          pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
          excludeCredentials: [],
          authenticatorSelection: { userVerification: 'required', residentKey: 'required' },
          attestation: 'none',
        },
      },
    })
    const { challenge } = (answer.body as Drawn).options
    const rows = await world.owner.many(
      z.object({ digest: column.bytes, row: z.string() }),
      sql`select digest, to_jsonb(c)::text as row from chain_accounts.passkey_challenges as c`,
    )
    const drawn = fromBase64url(challenge)
    expect(rows.map(({ digest }) => toHex(digest))).toContain(toHex(sha256(drawn)))
    expect(rows.map(({ row }) => row).join()).not.toContain(toHex(drawn))
  })

  test('names to an account’s own device the passkeys that it has', async () => {
    const { ann, passkey, token } = await settled()
    const answer = await ann.ask({ method: 'POST', path: '/key/v1/passkeys/options', token, headers })
    const { options } = answer.body as Drawn
    expect(options.excludeCredentials).toEqual([{ type: 'public-key', id: passkey.credentialId }])
    const nobodys = await ann.ask({ method: 'POST', path: '/key/v1/passkeys/options', headers })
    expect(refused(nobodys)).toEqual([401, 'InvalidToken'])
    // Good for that account alone: nobody opens another with it.
    const other = newPasskey()
    expect(refused(await signUp(newPerson(), other, other.register(options.challenge)))).toEqual(noChallenge)
  })

  test('is drawn so often by one address, and by one key', async () => {
    const small = await startWorld({ arrivals: 3, requests: 2 })
    const ann = personOf(small.baseUrl)
    const post = () => ann.post('/auth/v1/passkeys/options', undefined)
    const { credentials } = bodyOf(await ann.signUp(newDevice()))
    const own = () => ann.ask({ method: 'POST', path: '/key/v1/passkeys/options', token: credentials.accessToken })
    expect([(await post()).status, (await post()).status, (await post()).status]).toEqual([200, 200, 429])
    expect([(await own()).status, (await own()).status, (await own()).status]).toEqual([200, 200, 429])
    await small.stop()
  })

  test('is nothing where no page is configured, and nobody is believed there', async () => {
    const bare = await startWorld({ passkeys: 'none' })
    const [ann, passkey] = [personOf(bare.baseUrl), newPasskey()]
    expect(refused(await ann.post('/auth/v1/passkeys/options', undefined))).toEqual(cannot)
    expect(refused(await signUp(ann, passkey, passkey.register('A'.repeat(43))))).toEqual(cannot)
    await bare.stop()
  })
})

describe('a passkey whose making was shown', () => {
  test('opens an account, is asked for by its id, and signs in', async () => {
    const her = await settled()
    const { allowCredentials, challengeData } = await begin(her)
    expect(allowCredentials).toEqual([{ type: 'public-key', id: her.passkey.credentialId }])
    const passKey = her.passkey.assert(challengeData)
    const answer = { challengeType: 'passKey', challengeData, passKey }
    expect((await her.ann.post('/auth/v1/signin/challenge/respond', answer)).status).toBe(200)
  })

  test('that says another id, or is kept elsewhere than it could be, does not answer', async () => {
    const her = await settled()
    expect(refused(await signIn(her, { id: newPasskey().credentialId }))).toEqual(wrong)
    expect(refused(await signIn(her, { flags: UP | UV | BE }))).toEqual(wrong)
    expect(await statusOf(her)).toBe(200)
  })

  test('counts from what it had counted when it was made', async () => {
    const her = await settled({ count: 5 })
    const counted = []
    for (const count of [5, 4, 0, 6, 6, 7]) counted.push(await statusOf(her, { count }))
    expect(counted).toEqual([401, 401, 401, 200, 401, 200])
  })

  test('tells where it is kept, and that is kept', async () => {
    const her = await settled({ flags: UP | UV | AT | BE })
    const kept = async () =>
      world.owner.one(
        z.object({ eligible: z.boolean(), up: z.boolean() }),
        sql`select backup_eligible as eligible, backed_up as up from chain_accounts.keys
             where account_id = ${her.account.id} and kind = 'passkey'`,
      )
    expect(await kept()).toEqual({ eligible: true, up: false })
    expect(await statusOf(her, { flags: UP | UV | BE | BS })).toBe(200)
    expect(await kept()).toEqual({ eligible: true, up: true })
  })

  test.each([
    ['its id changed', sql`credential_id = ${new Uint8Array(16)}`],
    ['another place to be kept', sql`backup_eligible = not backup_eligible`],
    ['its id forgotten', sql`credential_id = null, credential_app = null, backup_eligible = null, backed_up = null`],
  ])('signs nobody in with %s past us', async (_, change) => {
    const her = await settled()
    await world.owner.run(
      sql`update chain_accounts.keys set ${change} where account_id = ${her.account.id} and kind = 'passkey'`,
    )
    expect(refused(await her.ann.begin(her.passkey, { type: 'passKey' }))).toEqual([400, 'PleaseRegisterKey'])
  })

  test('is one of its app: the same id, of whatever key, opens no second account there', async () => {
    const { passkey } = await settled()
    const copy = newPasskey()
    expect(refused(await register(newPerson(), copy, { id: passkey.credentialId }))).toEqual(cannot)
    const elsewhere = await appOf('another')
    expect((await register(newPerson(elsewhere), copy, { id: passkey.credentialId })).status).toBe(201)
  })

  test('is one of its app, however many tell of it at once', async () => {
    const { credentialId: id } = newPasskey()
    const told = Array.from({ length: 8 }, () => register(newPerson(), newPasskey(), { id }))
    const statuses = (await Promise.all(told)).map(({ status }) => status)
    expect(statuses.filter((status) => status === 201)).toHaveLength(1)
    expect(statuses.filter((status) => status === 400)).toHaveLength(7)
  })
})

describe('the making of a passkey', () => {
  const nobodys = () => newPasskey().publicKey
  test.each<[string, Saying & { readonly publicKey?: () => string }]>([
    ['on another page', { origin: 'https://evil.example' }],
    ['in a frame of another site', { more: { crossOrigin: true } }],
    ['for another domain', { rpId: 'evil.example' }],
    ['of an answer', { type: 'webauthn.get' }],
    ['by nobody present', { flags: UV | AT }],
    ['by somebody, not verified', { flags: UP | AT }],
    ['of another key than is told', { publicKey: nobodys }],
  ])('%s opens no account, and its challenge is used up', async (_, { publicKey, ...saying }) => {
    const [ann, passkey] = [newPerson(), newPasskey()]
    const challenge = await challengeFor(ann)
    const told = { publicKey: publicKey?.() ?? passkey.publicKey }
    expect(refused(await signUp(ann, told, passkey.register(challenge, saying)))).toEqual(cannot)
    expect(refused(await signUp(ann, passkey, passkey.register(challenge)))).toEqual(noChallenge)
    expect(refused(await ann.begin(passkey, { type: 'passKey' }))).toEqual([400, 'PleaseSignUp'])
  })

  test('for a challenge of nobody, of another app or of another time is none', async () => {
    const [ann, passkey] = [newPerson(), newPasskey()]
    for (const challenge of ['A'.repeat(43), 'AAAA', 'x y'])
      expect(refused(await signUp(ann, passkey, passkey.register(challenge)))).toEqual(noChallenge)
    const other = newPerson(await appOf('a third'))
    expect(refused(await signUp(ann, passkey, passkey.register(await challengeFor(other))))).toEqual(noChallenge)
    const challenge = await challengeFor(ann)
    await world.pass('5 minutes')
    expect(refused(await signUp(ann, passkey, passkey.register(challenge)))).toEqual([400, 'ChallengeExpired'])
  })

  test('shown again opens no other account, however many show it at once', async () => {
    const passkey = newPasskey()
    const told = passkey.register(await challengeFor(newPerson()))
    const answers = await Promise.all(Array.from({ length: 8 }, () => signUp(newPerson(), passkey, told)))
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1)
    const others = answers.filter(({ status }) => status !== 201).map(refused)
    expect(others).toEqual(Array.from({ length: 7 }, () => noChallenge))
    expect(refused(await signUp(newPerson(), passkey, told))).toEqual(noChallenge)
  })

  test('told once more by its own login, since the answer was lost, is answered; of another id it is not', async () => {
    const [ann, passkey] = [newPerson(), newPasskey()]
    const told = passkey.register(await challengeFor(ann))
    const first = bodyOf(await signUp(ann, passkey, told))
    expect(bodyOf(await signUp(ann, passkey, told)).account.id).toBe(first.account.id)
    const another = passkey.register(await challengeFor(ann), { id: newPasskey().credentialId })
    expect(refused(await signUp(ann, passkey, another))).toEqual([400, 'AlreadySignedUp'])
  })

  test('that is malformed is named by its field', async () => {
    const [ann, passkey] = [newPerson(), newPasskey()]
    const told = passkey.register('A'.repeat(43))
    const bad: object[] = [
      { ...told, rawId: newPasskey().credentialId },
      { ...told, type: 'password' },
      { ...told, response: { clientDataJSON: 'e30' } },
      { ...told, response: { ...told.response, attestationObject: 'A'.repeat(6000) } },
    ]
    for (const one of bad) expect(refused(await signUp(ann, passkey, one as Told))).toEqual(cannot)
  })
})

describe('a bare passkey', () => {
  test('opens an account as before, is found by its authenticator, and says what id it likes', async () => {
    const [ann, passkey] = [newPerson(), newPasskey()]
    const { publicKey } = passkey
    expect((await ann.signUp(passkey, { userKey: { type: 'passkey', publicKey } })).status).toBe(201)
    await settle()
    expect((await begin({ ann, passkey })).allowCredentials).toBeUndefined()
    expect(await statusOf({ ann, passkey }, { id: newPasskey().credentialId })).toBe(200)
    expect(await statusOf({ ann, passkey }, { flags: UP | UV | BE })).toBe(200)
    // Nobody gives it an id afterwards.
    const told = passkey.register(await challengeFor(ann))
    expect(refused(await signUp(ann, passkey, told))).toEqual([400, 'AlreadySignedUp'])
  })
})
