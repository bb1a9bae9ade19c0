import { randomBytes } from 'node:crypto'
import { sql } from '@strongroom/storage'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import {
  add,
  admins,
  DEFAULT_ROLE,
  ledgerSigner,
  type LedgerWorld,
  ledgerWorld,
  master,
  networkPassphrase,
  outcomeOf,
  RECOVERING_ROLE,
  remove,
  transactionOf,
  type TransactionWish,
} from '../../test/ledger-world.ts'
import { signerOf } from '../../test/transaction-signers.ts'
import { isAdmin, isOwner } from './authority.ts'
import type { TransactionSigner } from './cosign.ts'
import { keyOfNobody } from './key-of-nobody.ts'
import { keyValues, LedgerUnavailable, RECOVERY_ROLE } from './ledger.ts'

let world: LedgerWorld
beforeAll(async () => {
  world = await ledgerWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

const newKey = (): TransactionSigner => signerOf(randomBytes(32))
const outcome = (wish: TransactionWish) => outcomeOf(world.ledger, wish)
const keysOf = async (account: TransactionSigner) =>
  ((await world.ledger.signersOf(account.keyId)) ?? []).map(({ key }) => key)

const low = 'GAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAWHF'

test('an account has the signers that it was made with; made again, the same', async () => {
  const owner = newKey()
  const signers = [ledgerSigner(owner), ledgerSigner(newKey(), { role: RECOVERY_ROLE, details: '{"name":"é"}' })]
  const account = { account: owner.keyId, signers }
  expect(await world.ledger.signersOf(owner.keyId)).toBeUndefined()
  expect(await world.ledger.createAccount(account)).toBe('created')
  expect(await world.ledger.createAccount({ ...account, signers: signers.toReversed() })).toBe('created')
  expect(await world.ledger.signersOf(owner.keyId)).toEqual(signers.toSorted((a, b) => (a.key < b.key ? -1 : 1)))
  expect(await world.ledger.createAccount({ ...account, signers: [ledgerSigner(newKey())] })).toBe('taken')
  expect(await world.ledger.createAccount({ ...account, account: master.keyId })).toBe('taken')
})

test('two who make one account at once make one', async () => {
  const account = newKey().keyId
  const wishes = [newKey(), newKey(), newKey()].map((one) => ({ account, signers: [ledgerSigner(one)] }))
  const outcomes = await Promise.all(wishes.map((wish) => world.ledger.createAccount(wish)))
  expect(outcomes.toSorted()).toEqual(['created', 'taken', 'taken'])
})

test.each([
  ['a key that fits every signature', [{ key: low }]],
  ['a weight above 1000', [{ weight: 1001 }]],
  ['too little weight', [{ weight: 999 }]],
  ['one identity twice', [{ weight: 500 }, { weight: 500 }]],
  ['recovery signers alone', [{ role: RECOVERY_ROLE }]],
  ['the role of a KYC recovery', [{}, { role: RECOVERING_ROLE }]],
  ['details that are no JSON', [{ details: 'x' }]],
  ['21 of them', Array.from({ length: 21 }, (_, identity) => ({ identity }))],
])('an account is not made with %s', async (_, signers) => {
  const account = newKey().keyId
  const wish = { account, signers: signers.map((one) => ledgerSigner(newKey(), one)) }
  await expect(world.ledger.createAccount(wish)).rejects.toThrow(RangeError)
  expect(await world.ledger.signersOf(account)).toBeUndefined()
})

test('an account without signers is nobody’s: the ledger’s own key is one that no seed was made for', async () => {
  const account = newKey()
  expect(await world.ledger.createAccount({ account: account.keyId, signers: [] })).toBe('created')
  expect(await keysOf(account)).toEqual([keyOfNobody(networkPassphrase)])
  expect(await outcome({ source: account, operations: [add(newKey())], signers: [account] })).toBe('tx_bad_auth')
})

test('an owner changes signers, and from then on the new ones sign', async () => {
  const owner = await world.account()
  const next = newKey()
  const rotation = { source: owner, operations: [add(next), remove(owner)], signers: [owner] }
  expect(await outcome(rotation)).toBe('applied')
  expect(await keysOf(owner)).toEqual([next.keyId])
  expect(await isOwner(world.ledger, { account: owner.keyId, key: next.keyId })).toBe(true)
  expect(await isOwner(world.ledger, { account: owner.keyId, key: owner.keyId })).toBe(false)
  expect(await outcome(rotation)).toBe('tx_bad_auth')
  expect(await outcome({ ...rotation, operations: [add(owner)], signers: [next] })).toBe('applied')
})

test('administrators are who is configured, and no transaction changes that', async () => {
  const [admin] = admins
  expect(await isAdmin(world.ledger, admin.keyId)).toBe(true)
  expect(await isAdmin(world.ledger, master.keyId)).toBe(false)
  const wish = { source: master, operations: [add(newKey())], signers: [admin] }
  expect(await outcome(wish)).toEqual(['op_not_allowed'])
  await world.owner.run(sql`
    insert into identity.ledger_accounts (account, role, version)
    values (${master.keyId}, 3, gen_random_uuid())`)
  expect(await outcome(wish)).toEqual(['op_not_allowed'])
  expect(await world.ledger.signersOf(master.keyId)).toHaveLength(admins.length)
})

test('a crash before the commit leaves nothing, and one after it everything', async () => {
  const owner = await world.account()
  const envelope = await transactionOf({ source: owner, operations: [add(newKey())], signers: [owner] })
  const { database } = world
  const dying = world.open({
    database: {
      ...database,
      transaction: (work) =>
        database.transaction(async (tx) => {
          const done = await work(tx)
          await tx.run(sql`select pg_terminate_backend(pg_backend_pid())`)
          return done
        }),
    },
  })
  await expect(dying.submit(envelope)).rejects.toBeInstanceOf(LedgerUnavailable)
  expect(await keysOf(owner)).toEqual([owner.keyId])
  const deaf = world.open({
    database: {
      ...database,
      transaction: async (work) => {
        await database.transaction(work)
        throw new LedgerUnavailable()
      },
    },
  })
  await expect(deaf.submit(envelope)).rejects.toBeInstanceOf(LedgerUnavailable)
  expect(await keysOf(owner)).toHaveLength(2)
  expect(await world.ledger.submit(envelope)).toMatchObject({ outcome: 'applied' })
  expect(await keysOf(owner)).toHaveLength(2)
})

test('the audit log tells what changed', async () => {
  const owner = await world.account()
  const envelope = await transactionOf({ source: owner, operations: [add(newKey())], signers: [owner] })
  const answer = await world.ledger.submit(envelope)
  const events = await world.owner.many(
    z.object({ event: z.string(), hash: z.string().nullable() }),
    sql`select event, detail->>'hash' as hash from audit.events where subject = ${owner.keyId} order by id`,
  )
  expect(events.map(({ event }) => event)).toEqual([
    'identity.ledger-account-created',
    'identity.ledger-account-changed',
    'identity.ledger-transaction-applied',
  ])
  expect(answer.outcome === 'applied' && answer.transaction.hash).toBe(events[2]?.hash)
})

test('no call of the token is made inside a transaction of the database', async () => {
  let inside = 0
  const calls: number[] = []
  const { database, hsm } = world
  const watched = world.open({
    database: {
      ...database,
      transaction: async (work) => {
        inside += 1
        try {
          return await database.transaction(work)
        } finally {
          inside -= 1
        }
      },
    },
    hsm: { ...hsm, mac: (use, message) => (calls.push(inside), hsm.mac(use, message)) },
  })
  const owner = newKey()
  await watched.createAccount({ account: owner.keyId, signers: [ledgerSigner(owner)] })
  const wish = { source: owner, operations: [add(newKey())], signers: [owner] }
  expect(await outcomeOf(watched, wish)).toBe('applied')
  expect(calls.length).toBeGreaterThan(3)
  expect(calls.every((depth) => depth === 0)).toBe(true)
})

test('settings are the usual ones unless an operator says otherwise, and roles are never confused', async () => {
  const { ledger } = world
  expect(await ledger.info()).toEqual({ networkPassphrase, masterAccountId: master.keyId })
  expect(await ledger.keyValue(keyValues.defaultSignerRole)).toEqual({ type: 'u32', value: DEFAULT_ROLE })
  expect(await ledger.keyValue(keyValues.recoverySignerRole)).toEqual({ type: 'u64', value: RECOVERING_ROLE })
  expect(await ledger.keyValue('another')).toBeUndefined()
  const other = {
    [keyValues.defaultSignerRole]: { type: 'u32', value: 7 },
    motto: { type: 'string', value: 'm' },
  } as const
  const told = world.open({ keyValues: other })
  expect(await told.keyValue(keyValues.defaultSignerRole)).toEqual({ type: 'u32', value: 7 })
  expect(await told.keyValue('motto')).toEqual({ type: 'string', value: 'm' })
  for (const value of [1, RECOVERING_ROLE, -1, 0.5])
    expect(() => world.open({ keyValues: { [keyValues.defaultSignerRole]: { type: 'u32', value } } })).toThrow(
      RangeError,
    )
  expect(() => world.open({ adminKeys: ['GA'] })).toThrow(RangeError)
})
