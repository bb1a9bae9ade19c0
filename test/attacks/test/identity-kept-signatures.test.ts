import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type Answer,
  answerTo,
  ask,
  call,
  demandIn,
  digestOf,
  drawFrom,
  drawSeed,
  factorsUrl,
  type IdentityKey,
  type IdentityOwner,
  mustAnswer,
  mustDemand,
  newIdentityKey,
  type Question,
  questionOf,
  settleOwner,
  sized,
  waitUntil,
} from '../src/index.ts'
import { identityPlaceOf, type IdentityWorld, startIdentity } from './identity-storage.ts'

const randomness = drawFrom(drawSeed())
const repeat = `ATTACK_SEED=${randomness.seed}`

const given = (attributes: object, type?: string) => ({ data: { type, attributes } })
const email = () => ({ email: `${randomness.token(12)}@example.com` })

const signer = (weight: number) => given({ role_id: 2, weight }, 'signer')
const form = (content_type: string) => given({ content_type }, 'kyc_poa')
const idIn = ({ body }: Answer) => (JSON.parse(body) as { data: { id: string } }).data.id

/** Nothing is brought to the store: forms and addresses are signed here. */
const objects = {
  OBJECTS_URL: 'http://127.0.0.1:9',
  OBJECTS_BUCKET: 'documents',
  OBJECTS_ACCESS_KEY_ID: 'AKIATESTS',
  OBJECTS_SECRET_ACCESS_KEY: 'a secret of the tests',
}

const ofOwner = (owner: string, content_type: string) => ({
  data: { type: 'kyc_poa', attributes: { content_type }, relationships: { owner: { data: { id: owner } } } },
})

const systemSigner = () => ({
  data: { id: newIdentityKey().id, type: 'identity-signer', attributes: { role_id: 2, weight: 1000, identity: 1 } },
})

interface Nobodys {
  readonly data: { readonly attributes: { readonly address: string } }
}

describe(`cases 12 and 13, captured requests for what accounts keep, strict, on identity-storage, ${repeat}`, () => {
  let world: IdentityWorld
  let owner: IdentityOwner
  beforeAll(async () => {
    world = await startIdentity({ settings: { ...objects, SIGNATURES: 'strict' } })
    owner = await settleOwner(place(), randomness)
  })
  afterAll(() => world[Symbol.asyncDispose]())
  const place = () => identityPlaceOf(world, { profile: 'strict' })

  type Asked = readonly [what: `${string} /${string}`, by: IdentityKey, body?: object, other?: object]
  const asked = async (): Promise<Readonly<Record<string, Asked>>> => {
    const { accountId, signer: own } = owner
    const admin = world.admin
    const make = async (what: `POST /${string}`, body: object) =>
      mustAnswer(call(place(), what, { by: admin, body }), 200)
    const nobodys = [email(), email()] as const
    const made = []
    for (const one of nobodys) made.push(JSON.parse((await make('POST /identities', given(one))).body) as Nobodys)
    const blob = await mustAnswer(
      call(place(), 'POST /blobs', { by: admin, body: given({ value: 'to be deleted' }, 'alpha') }),
      201,
    )
    const document = idIn(
      await mustAnswer(
        call(place(), `POST /accounts/${accountId}/documents`, { by: own, body: form('image/png') }),
        200,
      ),
    )
    return {
      'a blob': ['POST /blobs', admin, given({ value: 'one' }, 'alpha'), given({ value: 'two' }, 'alpha')],
      'a setting': [
        `PUT /identities/${accountId}/settings`,
        own,
        given({ key: 'a', value: 1 }),
        given({ key: 'a', value: 2 }),
      ],
      'all settings': [`GET /identities/${accountId}/settings`, own],
      'a passport': [
        `PUT /identities/${accountId}/settings/passport`,
        own,
        given({ passport: 'AB 1' }),
        given({ passport: 'AB 2' }),
      ],
      'many identities': [
        'POST /identities/mass-create',
        admin,
        { data: [given(email()).data] },
        { data: [given(email()).data] },
      ],
      'a token': ['POST /verification', admin, given(email()), given(email())],
      'an invite': ['POST /invites', admin, given(email(), 'general-invite'), given(email(), 'general-invite')],
      'invites taken back': ['DELETE /invites', admin, { data: [{ id: 7 }] }, { data: [{ id: 8 }] }],
      'all invites': ['GET /invites', admin],
      'a text of an account': [
        `POST /accounts/${accountId}/blobs`,
        own,
        given({ value: 'one' }, 'kyc_form'),
        given({ value: 'two' }, 'kyc_form'),
      ],
      'all texts': [`GET /accounts/${accountId}/blobs`, own],
      'a text deleted': [`DELETE /blobs/${idIn(blob)}`, admin],
      'a form of an account': [`POST /accounts/${accountId}/documents`, own, form('image/png'), form('image/gif')],
      'a form': ['POST /documents', admin, ofOwner(accountId, 'image/png'), ofOwner(accountId, 'image/gif')],
      'an address of a document': [`GET /documents/${document}`, own],
      'an address of an account’s document': [`GET /accounts/${accountId}/documents/${document}`, own],
      'e-mail addresses of accounts': [
        'POST /identities/mass-emails',
        admin,
        { data: [{ id: accountId, type: 'account' }] },
        { data: [{ id: made[1]?.data.attributes.address, type: 'account' }] },
      ],
      'an identity deleted': [`DELETE /identities/${nobodys[0].email}`, admin],
      'a signer of nobody’s account': [
        `POST /identities/${made[1]?.data.attributes.address ?? ''}/signers`,
        admin,
        systemSigner(),
        systemSigner(),
      ],
      'a stored signer': [`POST /integrations/multisig/accounts/${accountId}/signers`, own, signer(500), signer(1000)],
    }
  }

  it('each is answered once, with its own body alone', async () => {
    for (const [name, [what, by, body, other]] of Object.entries(await asked())) {
      const captured: Question = sized(questionOf(place(), what, { by, ...(body && { body }) }))
      const changed = JSON.stringify(other ?? {})
      const withBody = sized({ ...captured, body: changed })
      const early = other
        ? [withBody, { ...withBody, headers: { ...withBody.headers, digest: digestOf(changed) } }]
        : []
      for (const question of early) expect([name, (await ask(question)).status]).toEqual([name, 401])
      const done = (await ask(captured)).status
      expect([name, done >= 200 && done < 300]).toEqual([name, true])
      for (const question of [captured, ...early]) expect([name, (await ask(question)).status]).toEqual([name, 401])
    }
  })

  it('a number and a username are asked for once, with their own body alone', async () => {
    const { accountId, signer: by } = owner
    const settings = `/identities/${accountId}/settings` as const
    const each: readonly [what: `PUT /${string}`, body: object, other: object, status: number][] = [
      [`PUT ${settings}/phone`, given({ phone: '+380501110011' }), given({ phone: '+380501110012' }), 403],
      // No bot is there: it is told to who signs alone.
      [`PUT ${settings}/telegram`, given({ username: 'ann_of_tests' }), given({ username: 'bob_of_tests' }), 501],
    ]
    for (const [what, body, other, status] of each) {
      const captured = questionOf(place(), what, { by, body })
      const changed = { ...captured, body: JSON.stringify(other) }
      const statuses = []
      for (const question of [changed, captured, captured, changed]) statuses.push((await ask(question)).status)
      expect([what, statuses]).toEqual([what, [401, status, 401, 401]])
    }
    expect((await place().textsTo('+380501110012')).length).toBe(0)
  })
})

describe(`cases 12 and 13, captured requests for what accounts keep, compat, on identity-storage, ${repeat}`, () => {
  let world: IdentityWorld
  beforeAll(async () => {
    world = await startIdentity()
  })
  afterAll(() => world[Symbol.asyncDispose]())
  const place = () => identityPlaceOf(world)
  const setting = ({ accountId, signer: by }: IdentityOwner, phone: string) =>
    questionOf(place(), `PUT /identities/${accountId}/settings/phone`, {
      by,
      body: { data: { attributes: { phone } } },
    })
  const codesTo = async (phone: string) =>
    (await place().textsTo(phone)).flatMap((text) => /\b(\d{6})\b/.exec(text)?.[1] ?? [])
  const prove = async (question: Question, phone: string) => {
    const before = (await codesTo(phone)).length
    const demand = mustDemand(await ask(question))
    await waitUntil('a code', async () => (await codesTo(phone)).length > before)
    await mustAnswer(answerTo(place(), demand, (await codesTo(phone)).at(-1) ?? ''), 204)
    return ask(question)
  }
  const phoneOf = async (owner: IdentityOwner) => {
    const { data } = JSON.parse((await call(place(), `GET ${factorsUrl(owner)}`)).body) as {
      data: { id: string; type: string; attributes: { priority: number } }[]
    }
    return data.find(({ type }) => type === 'phone')
  }

  it('what it allows: a thief puts a number of his own in, by which nothing opens; what it does not: in the place of one that counts', async () => {
    const owner = await settleOwner(place(), randomness)
    const captured = setting(owner, '+380501110001')
    const thiefs = { ...captured, body: JSON.stringify({ data: { attributes: { phone: '+380501110002' } } }) }
    expect((await prove(thiefs, '+380501110002')).status).toBe(204)
    expect((await phoneOf(owner))?.attributes.priority).toBe(0)

    expect((await prove(captured, '+380501110001')).status).toBe(204)
    const { id = '' } = (await phoneOf(owner)) ?? {}
    const enabling = questionOf(place(), `PATCH ${factorsUrl(owner)}/${id}`, {
      by: owner.signer,
      body: { data: { attributes: { priority: 99 } } },
    })
    expect((await prove(enabling, '+380501110001')).status).toBe(204)
    const last = { ...captured, body: JSON.stringify({ data: { attributes: { phone: '+380501110003' } } }) }
    expect(demandIn(await ask(last))?.factor_type).toBe('password')
  })
})
