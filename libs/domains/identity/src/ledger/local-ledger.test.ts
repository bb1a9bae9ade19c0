import { randomBytes } from 'node:crypto'
import { shiftClock, sql } from '@strongroom/storage'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import {
  add,
  admins,
  codesOf,
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
  update,
} from '../../test/ledger-world.ts'
import { signerNamed, signerOf } from '../../test/transaction-signers.ts'
import { isAdmin, isOwner } from './authority.ts'
import type { TransactionSigner } from './cosign.ts'
import { keyValues, LedgerUnavailable, RECOVERY_ROLE } from './ledger.ts'
import type { OperationBody } from './operations.ts'

let world: LedgerWorld
beforeAll(async () => {
  world = await ledgerWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

const newKey = (): TransactionSigner => signerOf(randomBytes(32))
const outcome = (wish: TransactionWish) => outcomeOf(world.ledger, wish)
const keysOf = async (account: TransactionSigner) =>
  ((await world.ledger.signersOf(account.keyId)) ?? []).map(({ key }) => key)
const payment: OperationBody = {
  type: 'payment',
  sourceBalance: '11'.repeat(32),
  destination: { kind: 'account', account: master.keyId },
  amount: 1n,
  fees: {
    source: { fixed: 0n, percent: 0n },
    destination: { fixed: 0n, percent: 0n },
    sourcePaysForDestination: false,
  },
  subject: '',
  reference: '',
}

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

const low = 'GAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAWHF'

test.each([
  ['none', []],
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

test('the answer tells the transaction, and is the same however often it is submitted', async () => {
  const owner = await world.account()
  const envelope = await transactionOf({ source: owner, operations: [add(newKey())], signers: [owner] })
  const [first, ...others] = await Promise.all([1, 2, 3, 4].map(() => world.open().submit(envelope)))
  expect(first).toMatchObject({ outcome: 'applied', transaction: { envelope, hash: /^[0-9a-f]{64}$/ } })
  expect(others).toEqual([first, first, first])
  expect(await world.ledger.submit(envelope)).toEqual(first)
  expect(await keysOf(owner)).toHaveLength(2)
  const bySignature = await transactionOf({ source: owner, operations: [remove(newKey())], signers: [owner] })
  expect(await world.ledger.submit(bySignature)).toEqual(await world.ledger.submit(bySignature))
})

test.each([
  ['of another network', { passphrase: 'Another Network' }, 'tx_bad_auth'],
  ['not valid yet', { minTime: 30 }, 'tx_too_early'],
  ['valid no more', { maxTime: -5 }, 'tx_too_late'],
  ['valid for more than a week', { maxTime: 604_900 }, 'tx_too_late'],
  ['without operations', { operations: [] }, 'tx_missing_operation'],
  ['without signatures', { signers: [] }, 'tx_bad_auth'],
  ['signed by somebody else', { signers: [signerNamed('mallory')] }, 'tx_bad_auth'],
  ['signed by an administrator', { signers: [admins[0]] }, 'tx_bad_auth'],
  ['of an account that is not there', { source: signerNamed('nobody') }, 'tx_no_account'],
  ['with an operation of another account', { operationSource: signerNamed('victim').keyId }, 'tx_bad_auth'],
  ['that pays', { operations: [payment] }, ['op_not_supported']],
])('a transaction %s is rejected', async (_, wish, code) => {
  const owner = await world.account()
  const usual = { source: owner, operations: [add(newKey())], signers: [owner] }
  expect(await outcome({ ...usual, ...wish })).toEqual(code)
  expect(await keysOf(owner)).toEqual([owner.keyId])
  expect(await outcome({ ...usual, operationSource: owner.keyId })).toBe('applied')
})

test('time is the database’s', async () => {
  await using shifted = await ledgerWorld()
  const owner = await shifted.account()
  const wish = { source: owner, operations: [add(newKey())], signers: [owner], maxTime: 3600 }
  const envelope = await transactionOf(wish)
  await shiftClock(shifted.owner, '2 hours')
  const answer = await shifted.ledger.submit(envelope)
  expect(answer.outcome === 'rejected' && codesOf(answer)).toBe('tx_too_late')
  expect(await outcomeOf(shifted.ledger, { ...wish, minTime: 7100, maxTime: 9000 })).toBe('applied')
})

test('what cannot be read is rejected and says why', async () => {
  expect(await world.ledger.submit('AAAA')).toMatchObject({ transactionCode: 'tx_malformed', messages: ['truncated'] })
})

test('every signature must count: a wrong one, one twice, or one that is not needed is one too many', async () => {
  const [owner, light, other] = [newKey(), newKey(), newKey()]
  const mallory = newKey()
  const signers = [
    ledgerSigner(owner),
    ledgerSigner(light, { weight: 400 }),
    ledgerSigner(other, { weight: 600, identity: 2 }),
  ]
  await world.ledger.createAccount({ account: owner.keyId, signers })
  const signedBy = (...by: TransactionSigner[]) =>
    outcome({ source: owner, operations: [add(newKey(), { identity: 9 })], signers: by })
  expect(await signedBy(owner, mallory)).toBe('tx_bad_auth_extra')
  expect(await signedBy(owner, owner)).toBe('tx_bad_auth_extra')
  expect(await signedBy(owner, light)).toBe('tx_bad_auth_extra')
  expect(await signedBy(light, owner)).toBe('tx_bad_auth_extra')
  expect(await signedBy(owner, other)).toBe('applied')
  expect(await signedBy(light, other)).toBe('applied')
  expect(await signedBy(light)).toBe('tx_bad_auth')
  expect(await signedBy(other)).toBe('tx_bad_auth')
})

test('signers of one identity count once, and those of weight 0 not at all', async () => {
  const [owner, twin, idle] = [newKey(), newKey(), newKey()]
  const signers = [
    ledgerSigner(owner, { weight: 1000, identity: 5 }),
    ledgerSigner(twin, { weight: 500, identity: 1 }),
    ledgerSigner(idle, { weight: 0, identity: 2 }),
  ]
  await world.ledger.createAccount({ account: owner.keyId, signers })
  const operations = [add(newKey(), { weight: 500, identity: 1 })]
  expect(await outcome({ source: owner, operations, signers: [owner] })).toBe('applied')
  expect(await outcome({ source: owner, operations: [add(newKey())], signers: [twin] })).toBe('tx_bad_auth')
  expect(await outcome({ source: owner, operations: [add(newKey())], signers: [idle] })).toBe('tx_bad_auth')
  expect(await outcome({ source: owner, operations: [add(newKey())], signers: [owner, idle] })).toBe('tx_bad_auth_extra')
  const demoted = { source: owner, operations: [update(owner, { weight: 999, identity: 5 })], signers: [owner] }
  expect(await outcome(demoted)).toBe('applied')
  expect(await outcome({ ...demoted, operations: [add(newKey())] })).toBe('tx_bad_auth')
})

test('an account is never left without owners that weigh 1000, nor with 21 signers', async () => {
  const owner = await world.account()
  const by = (...operations: OperationBody[]) => outcome({ source: owner, operations, signers: [owner] })
  expect(await by(remove(owner))).toEqual(['op_not_allowed'])
  expect(await by(update(owner, { weight: 999 }))).toEqual(['op_not_allowed'])
  expect(await by(update(owner, { weight: 0 }))).toEqual(['op_not_allowed'])
  expect(await by(update(owner, { role: RECOVERY_ROLE }))).toEqual(['op_not_allowed'])
  expect(await by(add(newKey(), { role: RECOVERY_ROLE }), remove(owner))).toEqual(['op_success', 'op_not_allowed'])
  const many = Array.from({ length: 19 }, () => add(newKey()))
  expect(await by(...many)).toBe('applied')
  expect(await by(add(newKey()))).toEqual(['op_not_allowed'])
  expect(await by(add(newKey()), remove(owner))).toBe('applied')
  expect(await keysOf(owner)).toHaveLength(20)
})

test('an operation that fails takes the others with it', async () => {
  const owner = await world.account()
  const known = newKey()
  const by = (...operations: OperationBody[]) => outcome({ source: owner, operations, signers: [owner] })
  expect(await by(add(known), add(known), add(newKey()))).toEqual(['op_success', 'op_already_exists', 'op_skipped'])
  expect(await keysOf(owner)).toEqual([owner.keyId])
  expect(await by(update(known))).toEqual(['op_not_found'])
  expect(await by(remove(known))).toEqual(['op_not_found'])
  expect(await by(add(known, { weight: 1001 }))).toEqual(['op_invalid_weight'])
  expect(await by(add(known, { details: '{' }))).toEqual(['op_invalid_details'])
  expect(await by(add({ keyId: low }))).toEqual(['op_invalid_signer_data'])
  expect(await by(add(known, { role: RECOVERING_ROLE }))).toEqual(['op_no_such_role'])
})

test('a recovery signer changes signers, and owns nothing', async () => {
  const [owner, saver] = [newKey(), newKey()]
  const signers = [ledgerSigner(owner), ledgerSigner(saver, { role: RECOVERY_ROLE })]
  await world.ledger.createAccount({ account: owner.keyId, signers })
  expect(await isOwner(world.ledger, { account: owner.keyId, key: saver.keyId })).toBe(false)
  const operations = [add(newKey()), remove(owner)]
  expect(await outcome({ source: owner, operations, signers: [saver] })).toBe('applied')
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

test('of two transactions at once that cannot both be, one is applied', async () => {
  const owner = await world.account()
  const wishes = [newKey(), newKey(), newKey(), newKey()].map((next) => ({
    source: owner,
    operations: [add(next), remove(owner)],
    signers: [owner],
  }))
  const ledgers = wishes.map(() => world.open())
  const outcomes = await Promise.all(wishes.map((wish, index) => outcomeOf(ledgers[index] ?? world.ledger, wish)))
  expect(outcomes.toSorted()).toEqual(['applied', 'tx_bad_auth', 'tx_bad_auth', 'tx_bad_auth'])
  expect(await keysOf(owner)).toHaveLength(1)
})

test('transactions at once that can both be are both applied', async () => {
  const owner = await world.account()
  const wishes = [1, 2, 3].map(() => ({ source: owner, operations: [add(newKey())], signers: [owner] }))
  expect(await Promise.all(wishes.map(outcome))).toEqual(['applied', 'applied', 'applied'])
  expect(await keysOf(owner)).toHaveLength(4)
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

test('an account that is forgotten is gone, and made anew it is another', async () => {
  const owner = await world.account()
  const envelope = await transactionOf({ source: owner, operations: [add(newKey())], signers: [owner] })
  await world.ledger.submit(envelope)
  await world.ledger.forgetAccount(owner.keyId)
  await world.ledger.forgetAccount(owner.keyId)
  expect(await world.ledger.signersOf(owner.keyId)).toBeUndefined()
  await world.ledger.createAccount({ account: owner.keyId, signers: [ledgerSigner(owner)] })
  expect(await world.ledger.submit(envelope)).toMatchObject({ outcome: 'applied' })
  expect(await keysOf(owner)).toEqual([owner.keyId])
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
  const other = { [keyValues.defaultSignerRole]: { type: 'u32', value: 7 }, motto: { type: 'string', value: 'm' } } as const
  const told = world.open({ keyValues: other })
  expect(await told.keyValue(keyValues.defaultSignerRole)).toEqual({ type: 'u32', value: 7 })
  expect(await told.keyValue('motto')).toEqual({ type: 'string', value: 'm' })
  for (const value of [1, RECOVERING_ROLE, -1, 0.5])
    expect(() => world.open({ keyValues: { [keyValues.defaultSignerRole]: { type: 'u32', value } } })).toThrow(RangeError)
  expect(() => world.open({ adminKeys: ['GA'] })).toThrow(RangeError)
})
