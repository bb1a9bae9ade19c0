import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  call,
  drawFrom,
  drawSeed,
  type IdentityKey,
  type IdentityOwner,
  mustAnswer,
  settleOwner,
} from '../src/index.ts'
import { identityPlaceOf, type IdentityWorld, startIdentity } from './identity-storage.ts'
import { combine } from './share-rows.ts'

const randomness = drawFrom(drawSeed())

const idOf = ({ body }: { body: string }) => (JSON.parse(body) as { data: { id: string } }).data.id

interface Keeper {
  readonly owner: IdentityOwner
  readonly blob: string
  readonly document: string
  /** Texts that are nobody else's to read. */
  readonly texts: readonly string[]
}

/** Case 7, of what accounts keep: who can write SQL exchanges it, and then asks as who they are. */
describe(`case 7, transplants of blobs, documents, settings, identities, on identity-storage, ATTACK_SEED=${randomness.seed}`, () => {
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
    mine = await keeper('kyc_form', 'kyc_poa')
    theirs = await keeper('kyc_poa', 'kyc_selfie')
    for (const [table, column] of Object.entries(ownerColumns)) {
      await world.app.sql(`alter table identity.${table} add column mark text not null default ''`)
      await world.app.sql(`update identity.${table} set mark = ${column}`)
    }
  })
  afterAll(() => world[Symbol.asyncDispose]())

  const place = () => identityPlaceOf(world)
  const ownerColumns = { blobs: 'owner', documents: 'owner', settings: 'account_id', identities: 'address' }

  async function keeper(blobType: string, documentType: string): Promise<Keeper> {
    const owner = await settleOwner(place(), randomness)
    const { accountId, signer: by } = owner
    const [value, setting, passport] = [randomness.token(24), randomness.token(24), randomness.token(24)]
    const keep = (what: `${string} /${string}`, data: object, status: number) =>
      mustAnswer(call(place(), what, { by, body: { data } }), status)
    const blob = idOf(await keep(`POST /accounts/${accountId}/blobs`, { type: blobType, attributes: { value } }, 201))
    const form = { type: documentType, attributes: { content_type: 'image/png' } }
    const document = idOf(await keep(`POST /accounts/${accountId}/documents`, form, 200))
    await keep(`PUT /identities/${accountId}/settings`, { attributes: { key: 'locale', value: setting } }, 200)
    await keep(`PUT /identities/${accountId}/settings/passport`, { attributes: { passport } }, 204)
    return { owner, blob, document, texts: [value, setting, passport, owner.email] }
  }

  /** Exchanges columns of two rows; whoever moved a row knows it again. */
  const exchange = (table: keyof typeof ownerColumns, columns: readonly string[]) => {
    const swap = columns.map((column) => `one.${column} := two.${column}; two.${column} := kept.${column};`)
    return world.app.sql(`
      do $$ declare one identity.${table}; two identity.${table}; kept identity.${table}; begin
        delete from identity.${table} where mark = '${mine.owner.accountId}' returning * into strict one;
        delete from identity.${table} where mark = '${theirs.owner.accountId}' returning * into strict two;
        kept := one; ${swap.join(' ')}
        insert into identity.${table} overriding system value select one.*;
        insert into identity.${table} overriding system value select two.*;
      end $$`)
  }

  /** What of somebody's is told to a key, whatever it asks for. */
  async function reached(by: IdentityKey, whose: Keeper): Promise<string[]> {
    const found: string[] = []
    for (const { owner, blob, document } of [mine, theirs]) {
      const account = owner.accountId
      for (const path of [
        `/accounts/${account}/blobs`,
        `/identities/${account}/settings`,
        `/identities/${account}/settings/locale`,
        `/identities?filter[address]=${account}`,
        ...[mine.blob, theirs.blob, blob].flatMap((id) => [`/blobs/${id}`, `/accounts/${account}/blobs/${id}`]),
      ] as const) {
        const { body } = await call(place(), `GET ${path as `/${string}`}`, { by })
        if (whose.texts.some((text) => body.includes(text))) found.push(path)
      }
      for (const path of [`/documents/${document}`, `/accounts/${account}/documents/${whose.document}`] as const) {
        const { body } = await call(place(), `GET ${path}`, { by })
        if (body.includes(`/${whose.document}?`)) found.push(path)
      }
    }
    return found
  }

  /** Whose account an address leads to: payments go there. */
  async function leadsElsewhere({ owner }: Keeper): Promise<boolean> {
    const { body } = await call(place(), `GET /identities?filter[email]=${owner.email}`)
    const { data = [] } = JSON.parse(body) as { data?: { attributes: { address: string } }[] }
    return data.some(({ attributes }) => attributes.address !== owner.accountId)
  }

  it('what is one’s own is seen, so that the attack would see another’s', async () => {
    expect((await reached(theirs.owner.signer, theirs)).length).toBeGreaterThan(6)
    expect(await reached(mine.owner.signer, theirs)).toEqual([])
  })

  it.each([
    ['blobs', ['id', 'owner', 'type', 'envelope', 'created_at']],
    ['documents', ['key', 'owner', 'type', 'content_type', 'stamp']],
    ['settings', ['account_id', 'key', 'envelope']],
    ['identities', ['id', 'address', 'email', 'passport', 'contents', 'stamp', 'wallet_id']],
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
          foreign.push(...(await reached(thief.owner.signer, victim)).map((path) => `${some.join(', ')}: ${path}`))
          if (await leadsElsewhere(victim)) foreign.push(`${some.join(', ')}: an address leads elsewhere`)
        }
        await exchange(table, some)
      }
      expect(foreign).toEqual([])
      // All is back in its place, and opens as before.
      expect((await reached(theirs.owner.signer, theirs)).length).toBeGreaterThan(6)
    },
    180_000,
  )
})
