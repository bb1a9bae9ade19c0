import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  adoptBoth,
  call,
  cosignersOf,
  drawFrom,
  drawSeed,
  type IdentityKey,
  type IdentityOwner,
  inviteBoth,
  inviteTokensTo,
  isTaken,
  makeVictims,
  mustAnswer,
  newAddress,
  settleAdopter,
  settleOwner,
  settleShared,
  waitUntil,
} from '../src/index.ts'
import { identityPlaceOf, type IdentityWorld, NETWORK, startIdentity } from './identity-storage.ts'
import { exchangeKept, markRows } from './kept-rows.ts'
import { combine } from './share-rows.ts'

const randomness = drawFrom(drawSeed())

const idOf = ({ body }: { body: string }) => (JSON.parse(body) as { data: { id: string } }).data.id

interface Keeper {
  readonly owner: IdentityOwner
  readonly blob: string
  readonly document: string
  /** What it owns, and invites to. */
  readonly sale: string
  /** Texts that are nobody else's to read. */
  readonly texts: readonly string[]
}

/** Case 7, of what accounts keep: who can write SQL exchanges it, and then asks as who they are. */
describe(`case 7, transplants of blobs, documents, settings, identities, sales, invites, on identity-storage, ATTACK_SEED=${randomness.seed}`, () => {
  let world: IdentityWorld
  let mine: Keeper
  let theirs: Keeper
  beforeAll(async () => {
    // Nothing is brought to the store: an address is what an attacker would want of it.
    const objects = {
      OBJECTS_URL: 'http://127.0.0.1:9',
      OBJECTS_BUCKET: 'documents',
      OBJECTS_ACCESS_KEY_ID: 'AKIATESTS',
      OBJECTS_SECRET_ACCESS_KEY: 'a secret of the tests',
    }
    world = await startIdentity({ settings: objects })
    ;[mine, theirs] = await Promise.all([keeper('kyc_form', 'kyc_poa'), keeper('kyc_poa', 'kyc_selfie')])
    for (const [table, owner] of Object.entries(owners)) await markRows(world.app, `identity.${table}`, owner)
  })
  afterAll(() => world[Symbol.asyncDispose]())

  const place = () => identityPlaceOf(world)
  const attack = () => ({ place: place(), randomness, networkPassphrase: NETWORK })
  /** Whose a row is, as SQL. Of a blob's tags, the one that is a tag and not all of them together. */
  const owners = {
    blobs: 'owner',
    blob_tags: `case when tag <> related then (select owner from identity.blobs b where b.id = blob_id) else '' end`,
    documents: 'owner',
    settings: 'account_id',
    identities: 'address',
    ledger_sales: 'owner',
    invites: 'invited_by',
  }
  type Table = keyof typeof owners

  async function keeper(blobType: string, documentType: string): Promise<Keeper> {
    const owner = await settleOwner(place(), randomness)
    const { accountId, signer: by } = owner
    const [value, setting, passport] = [randomness.token(24), randomness.token(24), randomness.token(24)]
    const [sale, guest] = [`sale-${randomness.token(6)}`, newAddress(randomness)]
    const kept = await world.app.run('keep-sale', sale, accountId)
    if (kept.code !== 0) throw new Error(kept.output)
    const keep = (what: `${string} /${string}`, data: object, status: number) =>
      mustAnswer(call(place(), what, { by, body: { data } }), status)
    const text = { type: blobType, attributes: { value }, relationships: { fund: { data: { id: 'a fund' } } } }
    const blob = idOf(await keep(`POST /accounts/${accountId}/blobs`, text, 201))
    const form = { type: documentType, attributes: { content_type: 'image/png' } }
    const document = idOf(await keep(`POST /accounts/${accountId}/documents`, form, 200))
    await keep(`PUT /identities/${accountId}/settings`, { attributes: { key: 'locale', value: setting } }, 200)
    await keep(`PUT /identities/${accountId}/settings/passport`, { attributes: { passport } }, 204)
    const relationships = { sales: { data: { type: 'sale', id: sale } } }
    await keep('POST /invites', { type: 'whitelist-invite', attributes: { email: guest }, relationships }, 204)
    return { owner, blob, document, sale, texts: [value, setting, passport, owner.email, guest] }
  }

  const exchange = (table: Table, columns: readonly string[]) => {
    const rows = [mine.owner.accountId, theirs.owner.accountId] as const
    return exchangeKept(world.app, { table: `identity.${table}`, key: 'mark', rows }, columns)
  }

  /** Where rows of a table are told: no other answer reads them. */
  function pathsOf(table: Table, { owner, blob, sale }: Keeper, whose: Keeper): string[] {
    const account = owner.accountId
    if (table === 'blobs' || table === 'blob_tags')
      return [
        `/accounts/${account}/blobs`,
        `/accounts/${account}/blobs?fund=${encodeURIComponent('a fund')}`,
        ...[mine.blob, theirs.blob, blob].flatMap((id) => [`/blobs/${id}`, `/accounts/${account}/blobs/${id}`]),
      ]
    if (table === 'documents')
      return [`/documents/${whose.document}`, `/accounts/${account}/documents/${whose.document}`]
    if (table === 'settings') return [`/identities/${account}/settings`, `/identities/${account}/settings/locale`]
    if (table === 'identities') return [`/identities?filter[address]=${account}`]
    return [`/invites?filter[sale-id]=${sale}`]
  }

  /** What of somebody's is told to a key, whatever it asks for. */
  async function reached(by: IdentityKey, whose: Keeper, table: Table): Promise<string[]> {
    const secrets = [...whose.texts, `/${whose.document}?`]
    const paths = [...new Set([mine, theirs].flatMap((one) => pathsOf(table, one, whose)))]
    const answers = await Promise.all(paths.map((path) => call(place(), `GET ${path as `/${string}`}`, { by })))
    return paths.filter((_, index) => secrets.some((text) => answers[index]?.body.includes(text)))
  }

  /** Whose account an address leads to: payments go there. */
  async function leadsElsewhere({ owner }: Keeper): Promise<boolean> {
    const { body } = await call(place(), `GET /identities?filter[email]=${owner.email}`)
    const { data = [] } = JSON.parse(body) as { data?: { attributes: { address: string } }[] }
    return data.some(({ attributes }) => attributes.address !== owner.accountId)
  }

  const tables = Object.keys(owners) as Table[]

  it.each(tables)('what is one’s own in %s is seen, so that the attack would see another’s', async (table) => {
    expect((await reached(theirs.owner.signer, theirs, table)).length).toBeGreaterThan(0)
    expect(await reached(mine.owner.signer, theirs, table)).toEqual([])
  })

  it.each([
    // Before blobs, with which they go.
    ['blob_tags', ['blob_id', 'related', 'tag']],
    ['blobs', ['id', 'owner', 'type', 'envelope']],
    ['documents', ['key', 'owner', 'type', 'content_type', 'stamp']],
    ['settings', ['account_id', 'key', 'envelope']],
    ['identities', ['id', 'address', 'email', 'passport', 'contents', 'stamp', 'wallet_id']],
    ['ledger_sales', ['id', 'owner', 'stamp']],
    ['invites', ['sale', 'contact', 'email', 'invited_by']],
  ] as const)(
    'no exchange of columns of %s shows anybody what is another’s, or leads payments elsewhere',
    async (table, columns) => {
      const foreign: string[] = []
      for (const some of combine(columns)) {
        await exchange(table, some)
        for (const [thief, victim] of [
          [mine, theirs],
          [theirs, mine],
        ] as const) {
          const told = await reached(thief.owner.signer, victim, table)
          foreign.push(...told.map((path) => `${some.join(', ')}: ${path}`))
          if (table === 'identities' && (await leadsElsewhere(victim)))
            foreign.push(`${some.join(', ')}: an address leads elsewhere`)
        }
        await exchange(table, some)
      }
      expect(foreign).toEqual([])
      // All is back in its place, and opens as before.
      expect((await reached(theirs.owner.signer, theirs, table)).length).toBeGreaterThan(0)
    },
    180_000,
  )

  it('no exchange of columns of stored signers has one’s key sign for another', async () => {
    const [one, other] = await settleShared(attack())
    const keys = [one.stored, other.stored]
    const signing = (by: IdentityOwner, account: string) => cosignersOf(attack(), { by, account, keys })
    expect(await signing(one.owner, one.owner.accountId)).toEqual([one.stored])
    await markRows(world.app, 'identity.stored_signers', 'key')
    const rows = { table: 'identity.stored_signers', key: 'mark', rows: [one.stored, other.stored] } as const
    const foreign: string[] = []
    for (const some of combine(['id', 'account', 'key', 'envelope', 'stamp'])) {
      await exchangeKept(world.app, rows, some)
      for (const [thief, victim] of [
        [one, other],
        [other, one],
      ] as const) {
        const own = await signing(thief.owner, thief.owner.accountId)
        if (own.includes(victim.stored)) foreign.push(`${some.join(', ')}: their key for my account`)
        const others = await signing(thief.owner, victim.owner.accountId)
        if (others.length > 0) foreign.push(`${some.join(', ')}: a key for their account`)
      }
      await exchangeKept(world.app, rows, some)
    }
    expect(foreign).toEqual([])
    expect(await signing(other.owner, other.owner.accountId)).toEqual([other.stored])
  }, 180_000)

  it('no exchange of columns of adoptions gives anybody the account that waits for another', async () => {
    const people = [await settleAdopter(attack()), await settleAdopter(attack())] as const
    await markRows(world.app, 'identity.adoptions', 'wallet_id::text')
    const found = await world.app.sql(`select mark from identity.adoptions order by mark`)
    const [one = '', other = ''] = found.map(({ mark }) => String(mark))
    const rows = { table: 'identity.adoptions', key: 'mark', rows: [one, other] } as const
    const columns = ['wallet_id', 'identity_id', 'signers', 'stamp']
    // The last is all of them, which exchanges nothing: both are given what is theirs.
    const outcomes = []
    for (const some of combine(columns)) {
      await exchangeKept(world.app, rows, some)
      outcomes.push([some.join(', '), await adoptBoth(attack(), people)])
      await exchangeKept(world.app, rows, some).catch(() => undefined)
    }
    const refused = { statuses: [500, 500], signers: ['nobody', 'nobody'] }
    const last = { statuses: [204, 204], signers: ['the first', 'the second'] }
    const all = combine(columns).map((some) => some.join(', '))
    expect(outcomes).toEqual(all.map((some) => [some, some === all.at(-1) ? last : refused]))
  }, 120_000)

  it('no exchange of columns of invites mails anybody a token of another’s address', async () => {
    const [alike, apart] = [combine(['contact', 'email']), combine(['type, sale', 'contact', 'email'])]
    const moves = [...alike, ...apart]
    const { admin } = world
    const invited = await inviteBoth(attack(), { admin, alike: moves.map((_, index) => index < alike.length) })
    const made = await world.app.sql(
      `select id from (select id from identity.invites order by id desc limit ${String(2 * moves.length)}) t order by id`,
    )
    for (const [index, some] of moves.entries()) {
      const rows = [String(made[2 * index]?.['id']), String(made[2 * index + 1]?.['id'])] as const
      await exchangeKept(world.app, { table: 'identity.invites', key: 'id', rows }, some.join(', ').split(', '))
    }
    await makeVictims(attack(), { admin, invited })
    await waitUntil('all invites were tried', async () => {
      const waiting = await world.app.sql(`
        select from graphile_worker.jobs
         where task_identifier in ('identity.deliver-invites', 'identity.deliver-message')
           and (attempts = 0 or locked_at is not null)`)
      return waiting.length === 0
    })
    const mailed: string[] = []
    const foreign: string[] = []
    for (const [index, { thief, victim }] of invited.entries()) {
      const name = `${index < alike.length ? 'alike' : 'apart'}: ${moves[index]?.join(', ') ?? ''}`
      for (const token of await inviteTokensTo(attack(), thief)) {
        foreign.push(`${name}: a token in another mailbox`)
        if (await isTaken(attack(), { email: victim, token })) foreign.push(`${name}: the account that waits`)
      }
      const own = await inviteTokensTo(attack(), victim)
      for (const token of own) if (await isTaken(attack(), { email: thief, token })) foreign.push(`${name}: backwards`)
      if (own.length > 0) mailed.push(name)
      for (const token of own) expect(await isTaken(attack(), { email: victim, token })).toBe(true)
    }
    expect(foreign).toEqual([])
    // Rows that are whole again are mailed, to whom they were.
    expect(mailed).toEqual(['alike: contact, email', 'apart: type, sale, contact, email'])
  }, 120_000)
})
