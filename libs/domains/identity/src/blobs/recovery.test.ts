import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { keepingWorld, type KeepingWorld, listIn, resourceIn } from '../../test/keeping-world.ts'
import { type SigningKey, signingKey } from '../../test/signing-key.ts'
import type { BlobType } from './contract.ts'

let world: KeepingWorld
let account: string
let owner: SigningKey
/** Let in by KYC recovery: whoever reads the owner's mail can come so far. */
let guest: SigningKey
beforeAll(async () => {
  world = await keepingWorld()
})
afterAll(() => world.close())
beforeEach(() => {
  account = signingKey().id
  owner = signingKey()
  guest = signingKey()
  world.ledger.addSigner(account, owner.id)
  world.ledger.letIn(account, guest.id)
})

const make = (as: SigningKey, type: BlobType, value: string) =>
  world.ask('POST', `/accounts/${account}/blobs`, { as, body: { data: { type, attributes: { value } } } })
const idOf = async (...of: Parameters<typeof make>) => resourceIn(await make(...of)).id
const statusFor = async (as: SigningKey, id: string) => (await world.ask('GET', `/blobs/${id}`, { as })).status
const listed = async (as: SigningKey) => {
  const list = await world.ask('GET', `/accounts/${account}/blobs`, { as })
  return listIn(list).map(({ attributes }) => attributes.value)
}

test('a key that recovery let in reads the papers that it brought, and no others', async () => {
  const theirs = await idOf(owner, 'kyc_form', 'the owner’s')
  const brought = await idOf(guest, 'kyc_form', 'the guest’s')
  const shown = await idOf(owner, 'alpha', 'public')
  expect([await statusFor(guest, theirs), await statusFor(guest, brought), await statusFor(guest, shown)]).toEqual([
    401, 200, 200,
  ])
  expect(await listed(guest)).toEqual(['public', 'the guest’s'])
  expect(await listed(owner)).toEqual(['public', 'the guest’s', 'the owner’s'])
})

test('nor do two such keys read each other’s', async () => {
  const brought = await idOf(guest, 'kyc_form', 'the guest’s')
  const other = signingKey()
  world.ledger.letIn(account, other.id)
  expect(await statusFor(other, brought)).toBe(401)
  expect(await listed(other)).toEqual([])
})

test('it learns nothing from guessing what a form says: its own has another id', async () => {
  const theirs = await idOf(owner, 'kyc_form', 'a guess')
  const guessed = await idOf(guest, 'kyc_form', 'a guess')
  expect(guessed).not.toBe(theirs)
  expect(await idOf(guest, 'kyc_form', 'a guess')).toBe(guessed)
  expect([await statusFor(guest, guessed), await statusFor(guest, theirs)]).toEqual([200, 401])
})

test('once it is taken back, it reads no more than anybody', async () => {
  const brought = await idOf(guest, 'kyc_form', 'the guest’s')
  world.ledger.removeSigner(account, guest.id)
  expect(await statusFor(guest, brought)).toBe(401)
  expect(await listed(guest)).toEqual([])
  expect(await make(guest, 'kyc_form', 'another')).toMatchObject({ status: 401 })
})

test('once it is approved, it reads everything', async () => {
  await make(owner, 'kyc_form', 'the owner’s')
  await make(guest, 'kyc_form', 'the guest’s')
  world.ledger.removeSigner(account, guest.id)
  world.ledger.removeSigner(account, owner.id)
  world.ledger.addSigner(account, guest.id)
  expect(await listed(guest)).toEqual(['the guest’s', 'the owner’s'])
})

test('a signer in the role of recovery is a stranger, and so is one without weight', async () => {
  const [recovery, weightless] = [signingKey(), signingKey()]
  world.ledger.addSigner(account, recovery.id, { role: 1 })
  world.ledger.addSigner(account, weightless.id, { weight: 0 })
  const theirs = await idOf(owner, 'kyc_form', 'the owner’s')
  for (const as of [recovery, weightless]) {
    expect(await statusFor(as, theirs)).toBe(401)
    expect(await make(as, 'kyc_form', 'x')).toMatchObject({ status: 401 })
  }
})

test('it replaces nothing that the owner said', async () => {
  const said = await idOf(owner, 'nav_update', '1.00')
  expect(await make(guest, 'nav_update', '9.99')).toMatchObject({ status: 401 })
  expect(await statusFor(owner, said)).toBe(200)
})

test('it brings a hundred papers and no more, and the owner makes theirs all the same', async () => {
  const most = world.policies.blobsPerRecovery
  const answers = []
  for (let paper = 0; paper < most + 2; paper++) answers.push(await make(guest, 'kyc_form', `paper ${String(paper)}`))
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(most)
  expect(answers.at(-1)).toMatchObject({ status: 400 })
  expect(await make(owner, 'kyc_form', 'the owner’s')).toMatchObject({ status: 201 })
})
