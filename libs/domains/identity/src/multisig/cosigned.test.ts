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
import { type IdentityWorld, identityWorld, ledgerBut, networkPassphrase, statuses } from '../../test/identity-world.ts'
import { add, remove } from '../../test/ledger-world.ts'
import { answerTo, demandIn } from '../../test/wallet-owner.ts'
import { isFault, readEnvelope } from '../ledger/envelope.ts'
import { LedgerTimedOut } from '../ledger/ledger-timed-out.ts'
import { LedgerUnavailable } from '../ledger/ledger.ts'

let world: IdentityWorld
beforeAll(async () => {
  world = await identityWorld()
})
afterAll(() => world[Symbol.asyncDispose]())
beforeEach(() => world.serveWith(world.deps))

const keysOf = async (account: string) => (await world.ledger.signersOf(account))?.map(({ key }) => key) ?? []

describe('a transaction that its owner signed', () => {
  test('is signed by the stored key and applied, once the first of the owner’s factors was verified', async () => {
    const { owner, stored } = await newShared(world)
    const coming = newKey()
    const tx = await signedBy(owner, { operations: [add(coming, { identity: 77, weight: 1 })] })
    expect(await world.ledger.submit(tx)).toMatchObject({ outcome: 'rejected', transactionCode: 'tx_bad_auth' })
    const answer = await submitProven(world, owner, tx)
    expect([answer.status, answer.body]).toMatchObject([
      200,
      {
        data: {
          type: 'transactions',
          attributes: { hash: expect.stringMatching(/^[0-9a-f]{64}$/) as string, result_meta_xdr: '' },
          relationships: { source: { data: { id: owner.account, type: 'accounts' } } },
        },
      },
    ])
    const { envelope_xdr: signed } = (answer.body as { data: { attributes: { envelope_xdr: string } } }).data.attributes
    expect(signaturesIn(signed)).toBe(2)
    expect(toBase64(fromBase64(signed).subarray(-68, -64))).toBe(toBase64(Uint8Array.of(0, 0, 0, 64)))
    expect(await keysOf(owner.account)).toEqual(expect.arrayContaining([owner.account, stored.keyId, coming.keyId]))
  })

  test('is taken in a document, as it is taken bare, and at the gateway’s address', async () => {
    const { owner } = await newShared(world)
    const inDocument = await signedBy(owner, { operations: [adding()] })
    const body = { data: { attributes: { tx: inDocument, wait_for_ingest: true } } }
    demandIn(await world.ask('POST', '/integrations/multisig/transactions', { body }))
    const tx = await signedBy(owner, { operations: [adding()] })
    const demand = demandIn(await submitting(world, tx, '/transactions'))
    expect((await answerTo(world, demand, owner.password.sign(demand.token))).status).toBe(204)
    // The demand was for the one address.
    demandIn(await submitting(world, tx))
    expect((await submitting(world, tx, '/transactions')).status).toBe(200)
  })

  test('needs the factor anew each time, and for itself: the same once, another not at all', async () => {
    const { owner } = await newShared(world)
    const [tx, other] = [
      await signedBy(owner, { operations: [adding()] }),
      await signedBy(owner, { operations: [adding()] }),
    ]
    const demand = demandIn(await submitting(world, tx))
    expect((await answerTo(world, demand, owner.password.sign(demand.token))).status).toBe(204)
    demandIn(await submitting(world, other))
    const submitted = watchLedger(world)
    const answers = await Promise.all(Array.from({ length: 6 }, () => submitting(world, tx)))
    expect([statuses(answers)[0], submitted.length]).toEqual([200, 1])
    for (const { status } of answers) expect([200, 403]).toContain(status)
  })

  test('that was applied has its outcome without a factor: whoever read it on the ledger learns of none', async () => {
    const { owner } = await newShared(world)
    const tx = await signedBy(owner, { operations: [adding()] })
    const first = await submitProven(world, owner, tx)
    const submitted = watchLedger(world)
    const second = await submitting(world, tx)
    expect([second.status, second.text, submitted]).toEqual([200, first.text, []])
    const alone = await newHolder(world)
    await store(world, alone)
    const enough = await signedBy(alone, { operations: [adding()] })
    expect(await world.ledger.submit(enough)).toMatchObject({ outcome: 'applied' })
    expect((await submitting(world, enough)).status).toBe(200)
  })

  test('is signed by all keys that are stored for its account and sign for it', async () => {
    const { owner, stored } = await newShared(world)
    const second = await store(world, owner)
    const { identity } = second
    const join = await signedBy(owner, { operations: [add(second, { weight: 1, identity })] })
    expect((await submitProven(world, owner, join)).status).toBe(200)
    const submitted = watchLedger(world)
    const tx = await signedBy(owner, { operations: [adding()] })
    expect((await submitProven(world, owner, tx)).status).toBe(200)
    expect(signaturesIn(submitted[0] ?? '')).toBe(3)
    expect(await keysOf(owner.account)).toContain(stored.keyId)
  })

  test('that the ledger rejects is told with the ledger’s codes, and never handed out signed', async () => {
    const { owner } = await newShared(world)
    const answer = await submitProven(world, owner, await signedBy(owner, { operations: [remove(newKey())] }))
    expect([answer.status, errorIn(answer)]).toMatchObject([
      400,
      {
        detail: 'Tx is invalid and got rejected',
        meta: { result_codes: { transaction: 'tx_failed', operations: ['op_not_found'] } },
      },
    ])
    expect(answer.text).not.toMatch(/AAAA/)
    const paid = await submitProven(world, owner, await signedBy(owner, { operations: [paying(newKey().keyId)] }))
    expect(errorIn(paid)?.meta).toMatchObject({ result_codes: { operations: ['op_not_supported'] } })
    expect(await keysOf(owner.account)).toHaveLength(2)
  })

  test('whose outcome the ledger does not tell in time is 408, and 503 where the ledger is away', async () => {
    const { owner } = await newShared(world)
    for (const [error, status] of [
      [new LedgerTimedOut(), 408],
      [new LedgerUnavailable(), 503],
    ] as const) {
      const tx = await signedBy(owner, { operations: [adding()] })
      const demand = demandIn(await submitting(world, tx))
      await answerTo(world, demand, owner.password.sign(demand.token))
      world.serveWith({ ledger: ledgerBut(world.deps.ledger, { submit: () => Promise.reject(error) }) })
      expect((await submitting(world, tx)).status).toBe(status)
      world.serveWith(world.deps)
      // Nothing is lost: it is submitted again, and is the same.
      expect((await submitProven(world, owner, tx)).status).toBe(200)
    }
  })

  test('is in the audit log with what it was for, before it goes to the ledger', async () => {
    const { owner, stored } = await newShared(world)
    const tx = await signedBy(owner, { operations: [adding(), remove(newKey())] })
    const read = readEnvelope(tx, networkPassphrase)
    if (isFault(read)) throw new Error(read.fault)
    expect((await submitProven(world, owner, tx)).status).toBe(400)
    const told = await world.sql.many(
      z.object({ detail: z.unknown() }),
      sql`select detail from audit.events where event = 'identity.transaction-cosigned' and subject = ${owner.account}`,
    )
    const hash = Buffer.from(read.hash).toString('hex')
    expect(told).toEqual([{ detail: { hash, keys: [stored.keyId], purposes: ['manage-signer'] } }])
  })
})
