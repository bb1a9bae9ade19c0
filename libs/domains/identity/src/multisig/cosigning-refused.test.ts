import { fromBase64, toBase64 } from '@strongroom/crypto'
import { sql } from '@strongroom/storage'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import {
  adding,
  errorIn,
  newHolder,
  newKey,
  newShared,
  paying,
  signaturesIn,
  signedBy,
  store,
  submitProven,
  submitting,
  watchLedger,
} from '../../test/cosigning.ts'
import { type IdentityWorld, identityWorld, ledgerBut } from '../../test/identity-world.ts'
import { ledgerSigner, remove } from '../../test/ledger-world.ts'
import { signerNamed } from '../../test/transaction-signers.ts'
import { demandIn } from '../../test/wallet-owner.ts'
import { usualPolicies } from '../policies.ts'
import { findWalletById, stampWallet } from '../wallets/store.ts'

let world: IdentityWorld
beforeAll(async () => {
  world = await identityWorld()
})
afterAll(() => world[Symbol.asyncDispose]())
beforeEach(() => world.serveWith(world.deps))

async function expectRefused(tx: string): Promise<void> {
  const submitted = watchLedger(world)
  const answer = await submitting(world, tx)
  expect([answer.status, answer.text]).toEqual([
    401,
    JSON.stringify({ errors: [{ title: 'Unauthorized', status: '401' }] }),
  ])
  expect(submitted).toEqual([])
}

describe('no factor is demanded, and nobody is told more than that the key may not,', () => {
  test('for what its owner did not sign, and what a stranger did', async () => {
    const { owner } = await newShared(world)
    await expectRefused(await signedBy(owner, { operations: [adding()], signers: [] }))
    await expectRefused(await signedBy(owner, { operations: [adding()], signers: [newKey()] }))
    await expectRefused(await signedBy(owner, { operations: [adding()], passphrase: 'Another Network' }))
  })

  test('for what a key signed that a recovery let in', async () => {
    const { owner } = await newShared(world)
    const letIn = newKey()
    await world.ledger.beginKycRecovery({ account: owner.account, signer: letIn.keyId })
    await expectRefused(await signedBy(owner, { operations: [adding()], signers: [letIn] }))
  })

  test('for an account without a stored key, or with one that does not sign for it', async () => {
    const owner = await newHolder(world)
    const tx = await signedBy(owner, { operations: [adding()] })
    await expectRefused(tx)
    await store(world, owner)
    await expectRefused(tx)
  })

  test('for an account that is not there, the master account, and one that has no wallet', async () => {
    const owner = await newHolder(world)
    const nobody = signerNamed('nobody')
    await expectRefused(await signedBy(owner, { source: nobody, operations: [adding()], signers: [nobody] }))
    const { masterAccountId } = await world.ledger.info()
    await expectRefused(await signedBy(owner, { source: { keyId: masterAccountId }, operations: [adding()] }))
    const { owner: other } = await newShared(world)
    const { walletId } = other
    expect((await world.ask('DELETE', `/wallets/${walletId}`, { by: world.admin })).status).toBe(204)
    await expectRefused(await signedBy(other, { operations: [adding()] }))
  })

  test('for a wallet without an enabled factor', async () => {
    const { owner } = await newShared(world)
    const tx = await signedBy(owner, { operations: [adding()] })
    const { id } = await world.sql.one(
      z.object({ id: z.uuid() }),
      sql`select id from identity.wallets where account_id = ${owner.account}`,
    )
    const wallet = await findWalletById(world.deps, id)
    if (!wallet) throw new Error('no wallet')
    const stamp = await stampWallet(world.hsm, {
      ...wallet,
      factors: wallet.factors.map((one) => ({ ...one, priority: 0 })),
    })
    await world.sql.run(sql`update identity.factors set priority = 0 where wallet_id = ${id}`)
    await world.sql.run(sql`update identity.wallets set stamp = ${stamp} where id = ${id}`)
    await expectRefused(tx)
  })
})

const told = async (tx: string) => {
  const answer = await submitting(world, tx)
  const { field, error, result_codes: codes } = errorIn(answer)?.meta ?? {}
  return [answer.status, field ?? (codes as { transaction: string } | undefined)?.transaction, error]
}

const statusOf = async (body: unknown) =>
  (await world.ask('POST', '/integrations/multisig/transactions', { body })).status

describe('an envelope', () => {
  test('is refused for what it is, whoever signed it', async () => {
    const { owner } = await newShared(world)
    const six = Array.from({ length: 6 }, adding)
    const initiating = { type: 'initiate-kyc-recovery', account: owner.account, signer: newKey().keyId } as const
    const of = (wish: Parameters<typeof signedBy>[1]) => signedBy(owner, { signers: [], ...wish })
    expect(await told(await of({ operations: [] }))).toEqual([400, 'tx', 'no-operation'])
    expect(await told(await of({ operations: six }))).toEqual([400, 'tx', 'too-many-operations'])
    expect(await told(await of({ operations: [initiating] }))).toEqual([400, 'tx', 'operation-not-allowed'])
    const foreign = await of({ operations: [adding()], operationSource: newKey().keyId })
    expect(await told(foreign)).toEqual([400, 'tx', 'account-of-another'])
  })

  test('is refused for its time, its signatures and what is signed already, as its owner’s alone', async () => {
    const { owner } = await newShared(world)
    const operations = [adding()]
    expect(await told(await signedBy(owner, { operations, minTime: 600 }))).toEqual([400, 'tx_too_early', undefined])
    expect(await told(await signedBy(owner, { operations, maxTime: -1 }))).toEqual([400, 'tx_too_late', undefined])
    const crowd = Array.from({ length: 19 }, newKey)
    expect(await told(await signedBy(owner, { operations, signers: [owner.signer, ...crowd] }))).toEqual([
      400,
      'tx',
      'too-many-signatures',
    ])
    const submitted = watchLedger(world)
    await submitProven(world, owner, await signedBy(owner, { operations: [remove(newKey())] }))
    expect(signaturesIn(submitted[0] ?? '')).toBe(2)
    expect(await told(submitted[0] ?? '')).toEqual([400, 'tx', 'signed-already'])
  })

  test('that is broken, anywhere, is refused or is another transaction that nobody signed', async () => {
    const { owner } = await newShared(world)
    const tx = await signedBy(owner, { operations: [adding()] })
    const bytes = fromBase64(tx)
    const submitted = watchLedger(world)
    const broken = [
      '',
      'AAAA',
      '*'.repeat(100),
      `${tx} `,
      tx.slice(0, -8),
      toBase64(bytes.subarray(4)),
      toBase64(Uint8Array.of(...bytes, 0, 0, 0, 0)),
      'A'.repeat(65_536),
      ...Array.from({ length: 40 }, (_, at) => {
        const changed = Uint8Array.from(bytes)
        const place = Math.floor((at * bytes.length) / 40)
        changed[place] = (changed[place] ?? 0) ^ 0x41
        return toBase64(changed)
      }),
    ]
    const answers = []
    for (const one of broken) answers.push((await submitting(world, one)).status)
    expect(answers.filter((status) => status !== 400 && status !== 401)).toEqual([])
    expect(submitted).toEqual([])
    demandIn(await submitting(world, tx))
  })

  test('is at most 64 KiB, and must be there', async () => {
    expect(await statusOf({ tx: 'A'.repeat(65_537) })).toBe(400)
    expect(await statusOf({ tx: 'A'.repeat(100_000) })).toBe(413)
    for (const body of [{}, { tx: 1 }, { tx: null }, [], { data: {} }, { data: { attributes: {} } }])
      expect(await statusOf(body)).toBe(400)
  })
})

test('an operator allows fewer purposes', async () => {
  const { owner } = await newShared(world)
  const multisig = { ...usualPolicies.multisig, purposes: ['payment'] as const }
  world.serveWith({ policies: { ...world.deps.policies, multisig } })
  const answer = await submitting(world, await signedBy(owner, { operations: [adding()] }))
  expect([answer.status, errorIn(answer)?.meta?.['error']]).toEqual([400, 'operation-not-allowed'])
  demandIn(await submitting(world, await signedBy(owner, { operations: [paying(newKey().keyId)] })))
})

test('who asks too often is told so before anything is looked up', async () => {
  const { owner } = await newShared(world)
  const tx = await signedBy(owner, { operations: [adding()] })
  const full = { take: () => Promise.resolve(new Date()) }
  const asked: string[] = []
  const ledger = ledgerBut(world.deps.ledger, {
    signersOf: (account) => {
      asked.push(account)
      return Promise.resolve([ledgerSigner(owner.signer)])
    },
  })
  world.serveWith({ limits: { ...world.deps.limits, attempts: full }, ledger })
  expect([(await submitting(world, tx)).status, asked]).toEqual([429, []])
})

test('the ledger’s own routes take no signature from here', async () => {
  const { owner } = await newShared(world)
  const tx = await signedBy(owner, { operations: [adding()] })
  const answer = await submitting(world, tx, '/v3/transactions')
  expect(errorIn(answer)?.meta).toMatchObject({ result_codes: { transaction: 'tx_bad_auth' } })
})
