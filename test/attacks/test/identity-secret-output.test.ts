import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Aviary, findLeaks } from '../src/attacker/canaries.ts'
import type { Calling } from '../src/attacker/identity-people.ts'
import {
  ask,
  call,
  demandIn,
  drawFrom,
  drawSeed,
  dumpDatabase,
  type IdentityOwner,
  settleOwner,
  waitUntil,
} from '../src/index.ts'
import { identityPlaceOf, type IdentityWorld, startIdentity } from './identity-storage.ts'
import { keepEveryJob } from './kept-jobs.ts'

const randomness = drawFrom(drawSeed())
const given = (attributes: object, more: object = {}) => ({ data: { attributes, ...more } })
type What = `${string} /${string}`

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
})
