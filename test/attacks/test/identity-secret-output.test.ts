import { createHmac, hash, scryptSync } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Aviary, findLeaks } from '../src/attacker/canaries.ts'
import type { Calling } from '../src/attacker/identity-people.ts'
import {
  ask,
  call,
  confirmByScrypt,
  demandIn,
  drawFrom,
  drawSeed,
  dumpDatabase,
  gatherIngredients,
  guessContacts,
  guessTexts,
  type IdentityOwner,
  type IdentityPlace,
  mustAnswer,
  settleOwner,
  startIdentityOriginal,
  waitUntil,
} from '../src/index.ts'
import { identityPlaceOf, type IdentityWorld, originalPlaceOf, startIdentity } from './identity-storage.ts'
import { keepEveryJob } from './kept-jobs.ts'

const randomness = drawFrom(drawSeed())
const given = (attributes: object, more: object = {}) => ({ data: { attributes, ...more } })
type What = `${string} /${string}`

/** Few enough that anybody could list them. */
const some = (count: number, one: (digits: string) => string) =>
  Array.from({ length: count }, (_, at) => one(String(at).padStart(2, '0')))
const numbers = some(50, (digits) => `+882170000${digits}`)
const names = some(40, (digits) => `ann.${digits}@example.com`)
const passports = some(50, (digits) => `AB 1230${digits}`)
const forms = some(31, (day) => JSON.stringify({ first_name: 'Ann', last_name: 'Lee', birth: `1984-01-${day}` }))
const KYC_FORM = 2048

const keepForm = (place: IdentityPlace, { accountId, signer: by }: IdentityOwner, value: string) =>
  mustAnswer(
    call(place, `POST /accounts/${accountId}/blobs`, { by, body: given({ value }, { type: 'kyc_form' }) }),
    201,
  )

describe(`case 5, lists tried on a dump, on the original’s shape, ATTACK_SEED=${randomness.seed}`, () => {
  it('finds which form of a list an account has by its id, and the address in clear', async () => {
    await using original = await startIdentityOriginal()
    const place = originalPlaceOf(original)
    const owner = await settleOwner(place, randomness, { email: names[7] ?? '' })
    await keepForm(place, owner, forms[11] ?? '')
    const cells = original.dump().filter(({ value }) => value !== forms[11])
    const stored = gatherIngredients(cells)
    const hits = await guessTexts({ stored, salts: stored, owner: owner.accountId, type: KYC_FORM, candidates: forms })
    expect([...new Set(hits.map(({ pin }) => pin))]).toEqual([forms[11]])
    expect(names.filter((name) => cells.some(({ value }) => String(value).includes(name)))).toEqual([names[7]])
  })
})

/** Cases 5 and 21, of what accounts keep: a secret of its own in every field, and then none of them in what comes out or lies there. */
describe(`cases 5 and 21, what accounts keep, on identity-storage, ATTACK_SEED=${randomness.seed}`, () => {
  let world: IdentityWorld
  let owner: IdentityOwner
  beforeAll(async () => {
    world = await startIdentity()
    await keepEveryJob(world.app)
    owner = await settleOwner(place(), randomness)
  })
  afterAll(() => world[Symbol.asyncDispose]())
  const place = () => identityPlaceOf(world)

  it('no private text, address, number, passport, token or setting is in log, metrics, documents, jobs or dump', async () => {
    const aviary = new Aviary(randomness)
    const { accountId, signer: by } = owner
    const admin = world.admin
    const email = (name: string) => aviary.release(name, (token) => `${token}@example.com`)
    const number = (name: string): string => {
      const digits = String(100_000_000 + randomness.integer(800_000_000))
      aviary.watch(name, Buffer.from(digits))
      return `+380${digits}`
    }
    const done = async (status: number, what: What, calling: Calling) => {
      const answer = await call(place(), what, calling)
      expect([what, answer.status, answer.body]).toEqual([what, status, expect.any(String)])
      return answer
    }
    const relationships = { fund: { data: { id: aviary.release('id of a tag') } } }
    const form = { type: 'kyc_form', relationships }
    await done(201, `POST /accounts/${accountId}/blobs`, {
      by,
      body: given({ value: aviary.release('private text') }, form),
    })
    const setting = { key: 'locale', value: { [aviary.release('member of a setting')]: [aviary.release('setting')] } }
    await done(200, `PUT /identities/${accountId}/settings`, { by, body: given(setting) })
    const passport = { passport: aviary.release('passport') }
    await done(204, `PUT /identities/${accountId}/settings/passport`, { by, body: given(passport) })
    const phone = number('number of an owner')
    const asked = await done(403, `PUT /identities/${accountId}/settings/phone`, { by, body: given({ phone }) })
    aviary.watch('token of a demand', Buffer.from(demandIn(asked)?.token ?? 'none'))
    await done(200, 'POST /identities', { body: given({ email: email('address of nobody’s') }) })
    await done(200, 'POST /identities', { body: given({ phone_number: number('number of nobody’s') }) })
    const many = [{ attributes: { email: email('address of many') } }]
    await done(200, 'POST /identities/mass-create', { by: admin, body: { data: many } })
    const token = await done(200, 'POST /verification', {
      by: admin,
      body: given({ email: email('address that is vouched for') }),
    })
    const { data } = JSON.parse(token.body) as { data: { attributes: { token: string } } }
    aviary.watch('token of an address', Buffer.from(data.attributes.token))
    await done(204, 'POST /invites', {
      by: admin,
      body: given({ email: email('address that is invited') }, { type: 'general-invite' }),
    })
    const invites = [{ type: 'general-invite', attributes: { email: email('address among many invites') } }]
    await done(204, 'POST /invites_multi', { by: admin, body: { data: invites } })

    const looks = [
      'filter[email]',
      'filter[phone]',
      'filter[identifier]',
      'filter[passport]',
      'filter[telegram_username]',
    ]
    for (const name of looks) await done(200, `GET /identities?${name}=${aviary.release(name)}`, {})
    await done(200, `GET /accounts/${accountId}/blobs?fund=${aviary.release('tag that is asked for')}`, { by })
    await done(401, `DELETE /identities/${email('address in a path')}`, { by })
    await done(401, `DELETE /identities/${email('address in a path, unsigned')}`, {})
    await done(404, `DELETE /identities/${email('address in a path of an administrator’s')}`, { by: admin })

    // What is refused for its form, each field in turn.
    const bad = (name: string) => aviary.release(`bad ${name}`)
    const fields: readonly (readonly [What, object])[] = [
      [
        `POST /accounts/${accountId}/blobs`,
        { data: { type: bad('type of a blob'), attributes: { value: bad('value of a blob') } } },
      ],
      [
        `POST /accounts/${accountId}/blobs`,
        { data: { type: 'alpha', attributes: { value: [bad('list for a value')] } } },
      ],
      [
        'POST /blobs',
        given({ value: 'x' }, { type: 'alpha', relationships: { owner: { data: { id: bad('owner') } } } }),
      ],
      [
        `POST /accounts/${accountId}/documents`,
        { data: { type: bad('type of a document'), attributes: { content_type: bad('content type') } } },
      ],
      [
        `PUT /identities/${accountId}/settings`,
        given({ key: `${bad('key of a setting')} `, value: bad('value of a setting') }),
      ],
      [`PUT /identities/${accountId}/settings/phone`, given({ phone: bad('number') })],
      [`PUT /identities/${accountId}/settings/telegram`, given({ username: `${bad('username')} ` })],
      [`PUT /identities/${accountId}/settings/passport`, given({ passport: `${bad('passport')}\n` })],
      ['POST /identities', given({ email: bad('address') })],
      ['POST /identities/mass-emails', { data: [{ id: bad('account') }] }],
      ['POST /verification', given({ email: bad('address of a token') })],
      [
        'POST /accounts',
        { data: { id: bad('account to be made'), relationships: { signers: { data: [{ id: bad('signer') }] } } } },
      ],
      ['POST /invites', given({ email: bad('address of an invite') }, { type: 'general-invite' })],
      ['DELETE /invites', { data: [{ id: { [bad('id of an invite')]: 1 } }] }],
      ['POST /integrations/multisig/transactions', { tx: bad('transaction') }],
    ]
    const answers: string[] = []
    for (const [what, body] of fields) answers.push((await done(400, what, { by: admin, body })).body)

    await waitUntil('all mails and codes are sent', async () => {
      const open = await world.app.sql('select from graphile_worker.jobs where attempts < max_attempts')
      return open.length === 0
    })
    const page = async (path: string) => (await ask({ method: 'GET', url: place().baseUrl + path })).body
    const cells = await dumpDatabase(world.app)
    const tables = [
      'attacker.jobs',
      'identity.blobs',
      'identity.blob_tags',
      'identity.settings',
      'identity.identities',
      'identity.invites',
      'identity.factor_tokens',
    ]
    expect([...new Set(cells.map(({ table }) => table))]).toEqual(expect.arrayContaining(tables))
    const dump = cells
      .flatMap(({ value }) =>
        typeof value === 'string'
          ? [value]
          : [Buffer.from(value).toString('latin1'), Buffer.from(value).toString('hex')],
      )
      .join('\n')
    const outputs = {
      dump,
      log: await world.app.log(),
      metrics: await page('/metrics'),
      document: await page('/openapi.json'),
      refusals: answers.join('\n'),
    }
    expect(aviary.canaries.length).toBeGreaterThan(35)
    for (const [name, text] of Object.entries(outputs)) {
      expect(text.length).toBeGreaterThan(100)
      expect([name, findLeaks(aviary.canaries, name, text).map(({ canary }) => canary)]).toEqual([name, []])
    }
  }, 120_000)

  it('no number, address or passport of a range, and no form of a list, is confirmed by anything that is stored', async () => {
    const pick = (list: readonly string[]) => list[randomness.integer(list.length)] ?? ''
    const right = { phone: pick(numbers), email: pick(names), passport: pick(passports), form: pick(forms) }
    const someone = await settleOwner(place(), randomness)
    const { accountId, signer: by } = someone
    const settings = `/identities/${accountId}/settings` as const
    await Promise.all([
      keepForm(place(), someone, right.form),
      mustAnswer(call(place(), `PUT ${settings}/passport`, { by, body: given({ passport: right.passport }) }), 204),
      mustAnswer(call(place(), `PUT ${settings}/phone`, { by, body: given({ phone: right.phone }) }), 403),
      mustAnswer(call(place(), 'POST /identities', { body: given({ phone_number: right.phone }) }), 200),
      mustAnswer(call(place(), 'POST /identities', { body: given({ email: right.email }) }), 200),
    ])
    const { admin } = world
    const invite = given({ email: right.email }, { type: 'general-invite' })
    await mustAnswer(call(place(), 'POST /invites', { by: admin, body: invite }), 204)
    await mustAnswer(call(place(), 'POST /verification', { by: admin, body: given({ email: right.email }) }), 200)
    await waitUntil('all mails and codes are sent', async () => {
      const open = await world.app.sql('select from graphile_worker.jobs where attempts < max_attempts')
      return open.length === 0
    })
    const cells = await dumpDatabase(world.app)
    const stored = gatherIngredients(cells)
    const columns = new Set(cells.map(({ table, column }) => `${table}.${column}`))
    for (const kept of ['identities.email', 'identities.phone', 'identities.passport', 'invites.contact', 'blobs.id'])
      expect(columns).toContain(`identity.${kept}`)
    // Of tables that only name rows, no value is a salt.
    const salts = stored.filter(({ name }) => /^(identity|notify|codes)\./.test(name))
    const guessing = { stored, salts }
    expect(await guessContacts({ ...guessing, type: 'phone', candidates: numbers })).toEqual([])
    expect(await guessContacts({ ...guessing, type: 'email', candidates: names })).toEqual([])
    expect(await guessContacts({ ...guessing, type: 'passport', candidates: passports })).toEqual([])
    expect(await guessTexts({ ...guessing, owner: accountId, type: KYC_FORM, candidates: forms })).toEqual([])
    expect(await confirmByScrypt(guessing, Object.values(right))).toEqual([])
  }, 120_000)
})

it.each([
  { kept: 'SHA-256, with its kind', stored: () => hash('sha256', `passport:${passports[7] ?? ''}`, 'buffer') },
  {
    kept: 'HMAC under a column',
    stored: () =>
      createHmac('sha256', 'a salt beside it')
        .update(passports[7] ?? '')
        .digest(),
  },
])('a passport that is kept as $kept is found out', async ({ stored }) => {
  const salts = [{ name: 'salt', bytes: Buffer.from('a salt beside it') }]
  const kept = [...salts, { name: 'passport', bytes: stored() }]
  const hits = await guessContacts({ stored: kept, salts, type: 'passport', candidates: passports })
  expect(hits.map(({ pin }) => pin)).toEqual([passports[7]])
})

it('one that is kept by a quick scrypt is confirmed', async () => {
  const salts = [{ name: 'salt', bytes: Buffer.from('a salt beside it') }]
  const bytes = scryptSync(numbers[7] ?? '', 'a salt beside it', 32, { N: 1024 })
  const hits = await confirmByScrypt({ stored: [{ name: 'phone', bytes }], salts }, numbers.slice(5, 10))
  expect(hits.map(({ pin }) => pin)).toEqual([numbers[7]])
})
