import { createHash } from 'node:crypto'
import { type Query, sql } from '@strongroom/storage'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { keepingWorld, type KeepingWorld, resourceIn } from '../../test/keeping-world.ts'
import { type SigningKey, signingKey } from '../../test/signing-key.ts'
import { type BlobType, blobTypes } from './contract.ts'
import { publicIdOf, publicTagOf } from './names.ts'

let world: KeepingWorld
let owner: SigningKey
let stranger: SigningKey
beforeAll(async () => {
  world = await keepingWorld()
  await world.owner.run(sql`alter table identity.blobs drop constraint blobs_check`)
})
afterAll(() => world.close())
beforeEach(() => {
  owner = signingKey()
  stranger = signingKey()
  for (const { id } of [owner, stranger]) world.ledger.addSigner(id, id)
})

const text = 'Ann Example, born 1 May 1980'

async function made(type: BlobType, { as = owner, value = text, account = owner.id } = {}) {
  const body = { data: { type, attributes: { value }, relationships: { passport: { data: { id: 'X4711' } } } } }
  return resourceIn(await world.ask('POST', `/accounts/${account}/blobs`, { as, body })).id
}

/** Everybody but the owner: nobody, a stranger by either address. */
async function whatOthersSee(id: string) {
  const asks = [{}, { as: stranger }]
  const targets = [`/blobs/${id}`, `/accounts/${owner.id}/blobs/${id}`, `/accounts/${stranger.id}/blobs/${id}`]
  const lists = [`/accounts/${owner.id}/blobs`, `/accounts/${stranger.id}/blobs`]
  const answers = []
  for (const ask of asks) for (const target of [...targets, ...lists]) answers.push(await world.ask('GET', target, ask))
  return answers
}

test.each<[string, (id: string) => Query]>([
  ['its type made public', (id) => sql`update identity.blobs set type = 1 where id = ${id}`],
  ['its ciphertext made its text', (id) => sql`update identity.blobs set type = 1, value = envelope where id = ${id}`],
  ['its owner a stranger', (id) => sql`update identity.blobs set owner = ${stranger.id} where id = ${id}`],
  [
    'its ciphertext in a blob of a stranger',
    (id) => sql`
      insert into identity.blobs (id, owner, type, envelope)
      select repeat('A', 52), ${stranger.id}, type, envelope from identity.blobs where id = ${id}`,
  ],
])('no SQL shows a private blob to others: %s', async (_, change) => {
  const id = await made('kyc_form')
  await world.owner.run(change(id))
  const answers = [...(await whatOthersSee(id)), ...(await whatOthersSee('A'.repeat(52)))]
  expect(JSON.stringify(answers)).not.toContain('Ann')
  expect(answers.filter(({ status }) => status !== 200).length).toBeGreaterThan(0)
  await world.owner.run(sql`delete from identity.blobs where id = repeat('A', 52)`)
})

test('no SQL shows a paper of the owner to a key that recovery let in', async () => {
  const guest = signingKey()
  world.ledger.letIn(owner.id, guest.id)
  const [theirs, brought] = [await made('kyc_form'), await made('kyc_form', { as: guest, value: 'mine' })]
  await world.owner.run(sql`
    update identity.blobs set bringer = (select bringer from identity.blobs where id = ${brought}) where id = ${theirs}`)
  const answer = await world.ask('GET', `/blobs/${theirs}`, { as: guest })
  expect(answer).toEqual({ status: 500, body: { errors: [{ title: 'Internal Server Error', status: '500' }] } })
})

test.each<[string, (id: string) => Query]>([
  ['its text', (id) => sql`update identity.blobs set value = 'forged' where id = ${id}`],
  ['its type', (id) => sql`update identity.blobs set type = 2 where id = ${id}`],
  ['its owner', (id) => sql`update identity.blobs set owner = ${stranger.id} where id = ${id}`],
])('a public blob that was changed past us is not read any more: %s', async (_, change) => {
  const id = await made('asset_description')
  await world.owner.run(change(id))
  expect(await world.ask('GET', `/blobs/${id}`)).toMatchObject({ status: 500 })
})

const dumped = z.object({ row: z.string() })

test('a dump holds no private text and no tag, and nothing that a guess could be compared with', async () => {
  const id = await made('kyc_form')
  const rows = await world.owner.many(
    dumped,
    sql`select b::text as row from identity.blobs b where b.id = ${id}
        union all select t::text from identity.blob_tags t where t.blob_id = ${id}`,
  )
  expect(rows.length).toBeGreaterThan(1)
  const dump = rows.map(({ row }) => row).join('\n')
  const guesses = [text, 'X4711', `passport=X4711`, `${owner.id}${String(blobTypes.kyc_form)}${text}`]
  for (const guess of guesses) {
    for (const bytes of [Buffer.from(guess), createHash('sha256').update(guess).digest()])
      expect(dump).not.toContain(bytes.toString('hex'))
    expect(dump).not.toContain(guess)
  }
  expect(dump).not.toContain(Buffer.from(publicTagOf(owner.id, ['passport', 'X4711'])).toString('hex'))
  expect(id).not.toBe(publicIdOf({ owner: owner.id, type: 'kyc_form' }, Buffer.from(text)))
})
