import { randomBytes } from 'node:crypto'
import { systemRandom } from '@strongroom/crypto'
import { readAccountKey } from '@strongroom/proofs'
import { sql } from '@strongroom/storage'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type LedgerWorld, ledgerSigner, ledgerWorld, networkPassphrase } from '../../test/ledger-world.ts'
import { signerOf } from '../../test/transaction-signers.ts'
import { drawAccount, keyOfNobody } from './key-of-nobody.ts'

let world: LedgerWorld
beforeAll(async () => {
  world = await ledgerWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

const nobody = keyOfNobody(networkPassphrase)
const newSigner = () => ledgerSigner(signerOf(randomBytes(32)))

const newNobodys = async (): Promise<string> => {
  const account = drawAccount(systemRandom)
  expect(await world.ledger.createAccount({ account, signers: [] })).toBe('created')
  return account
}
const keysOf = async (account: string) => (await world.ledger.signersOf(account))?.map(({ key }) => key)

test('an account without signers is signed for by a key that nobody has, the same on this network, another on others', async () => {
  const account = await newNobodys()
  expect(await keysOf(account)).toEqual([nobody])
  expect(readAccountKey(nobody)).toBeDefined()
  expect(keyOfNobody('Another Network')).not.toBe(nobody)
  expect(await world.ledger.createAccount({ account, signers: [] })).toBe('created')
})

test('is given to signers once: the same ones again change nothing, and others get nothing', async () => {
  const [account, owner, other] = [await newNobodys(), newSigner(), newSigner()]
  for (const _ of ['once', 'again'])
    expect(await world.ledger.adoptAccount({ account, signers: [owner], others: 'go' })).toBe('adopted')
  for (const others of ['go', 'stay'] as const)
    expect(await world.ledger.adoptAccount({ account, signers: [other], others })).toBe('taken')
  expect(await keysOf(account)).toEqual([owner.key])
})

test('signers that are let in beside stay until it is given to somebody', async () => {
  const [account, owner, service] = [await newNobodys(), newSigner(), newSigner()]
  expect(await world.ledger.adoptAccount({ account, signers: [service], others: 'stay' })).toBe('adopted')
  expect((await keysOf(account))?.toSorted()).toEqual([nobody, service.key].toSorted())
  expect(await world.ledger.adoptAccount({ account, signers: [owner], others: 'go' })).toBe('adopted')
  expect(await keysOf(account)).toEqual([owner.key])
})

test('of two who are given it at once, one gets it', async () => {
  const account = await newNobodys()
  const ledgers = [world.ledger, world.open()]
  const given = await Promise.all(
    ledgers.map((ledger) => ledger.adoptAccount({ account, signers: [newSigner()], others: 'go' })),
  )
  expect(given.toSorted()).toEqual(['adopted', 'taken'])
})

test('what is somebody’s, or nothing at all, is given to nobody; not even where the table says that it is nobody’s', async () => {
  const somebodys = await world.account()
  const signers = [newSigner()]
  expect(await world.ledger.adoptAccount({ account: somebodys.keyId, signers, others: 'go' })).toBe('taken')
  expect(await world.ledger.adoptAccount({ account: drawAccount(systemRandom), signers, others: 'go' })).toBe('taken')
  const nobodys = await newNobodys()
  await world.owner.run(sql`
    insert into identity.ledger_signers (account, key, weight, role, identity, details, stamp)
    select ${somebodys.keyId}, key, weight, role, 7, details, stamp from identity.ledger_signers where account = ${nobodys}`)
  expect(await world.ledger.adoptAccount({ account: somebodys.keyId, signers, others: 'go' })).toBe('taken')
})

test('signers that the ledger would not take are a bug of the caller’s', async () => {
  const account = await newNobodys()
  const light = { ...newSigner(), weight: 1 }
  await expect(world.ledger.adoptAccount({ account, signers: [light], others: 'go' })).rejects.toThrow(RangeError)
})
