import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
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
  type Question,
  questionOf,
  settleOwner,
  waitUntil,
} from '../src/index.ts'
import { identityPlaceOf, type IdentityWorld, startIdentity } from './identity-storage.ts'

const randomness = drawFrom(drawSeed())
const repeat = `ATTACK_SEED=${randomness.seed}`

const given = (attributes: object, type?: string) => ({ data: { type, attributes } })
const email = () => ({ email: `${randomness.token(12)}@example.com` })

const signer = (weight: number) => given({ role_id: 2, weight }, 'signer')

/** Node’s client sends no length with DELETE, and then a body is no part of it. */
const sized = (question: Question): Question => ({
  ...question,
  headers: {
    ...question.headers,
    ...(typeof question.body === 'string' && { 'content-length': String(Buffer.byteLength(question.body)) }),
  },
})

describe(`cases 12 and 13, captured requests for what accounts keep, strict, on identity-storage, ${repeat}`, () => {
  let world: IdentityWorld
  let owner: IdentityOwner
  beforeAll(async () => {
    world = await startIdentity({ settings: { SIGNATURES: 'strict' } })
    owner = await settleOwner(place(), randomness)
  })
  afterAll(() => world[Symbol.asyncDispose]())
  const place = () => identityPlaceOf(world, { profile: 'strict' })

  type Asked = readonly [what: `${string} /${string}`, by: IdentityKey, body?: object, other?: object]
  const asked = (): Readonly<Record<string, Asked>> => {
    const { accountId, signer: own } = owner
    const admin = world.admin
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
      'a stored signer': [`POST /integrations/multisig/accounts/${accountId}/signers`, own, signer(500), signer(1000)],
    }
  }

  it('each is answered once, with its own body alone', async () => {
    for (const [name, [what, by, body, other]] of Object.entries(asked())) {
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
      body: { data: { attributes: { priority: 200 } } },
    })
    expect((await prove(enabling, '+380501110001')).status).toBe(204)
    const last = { ...captured, body: JSON.stringify({ data: { attributes: { phone: '+380501110003' } } }) }
    expect(demandIn(await ask(last))?.factor_type).toBe('password')
  })
})
