import { fromHex } from '@strongroom/crypto'
import { sql } from '@strongroom/storage'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { add, type LedgerWorld, ledgerWorld, transactionOf } from '../../test/ledger-world.ts'
import { signerNamed } from '../../test/transaction-signers.ts'

let world: LedgerWorld
beforeAll(async () => {
  world = await ledgerWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

const submitted = async () => {
  const owner = await world.account()
  const operations = [add(signerNamed('second'), { identity: 2 })]
  const answer = await world.ledger.submit(await transactionOf({ source: owner, operations, signers: [owner] }))
  if (answer.outcome !== 'applied') throw new Error(answer.transactionCode)
  return answer.transaction
}

test('a transaction that was applied is found by its hash, as it was answered', async () => {
  const transaction = await submitted()
  expect(await world.ledger.findApplied(transaction.hash)).toEqual(transaction)
  expect(await world.ledger.findApplied('00'.repeat(32))).toBeUndefined()
})

test('one that a row alone says was applied was not', async () => {
  const { hash } = await submitted()
  const forged = '11'.repeat(32)
  await world.owner.run(
    sql`update identity.ledger_transactions set hash = ${fromHex(forged)} where hash = ${fromHex(hash)}`,
  )
  expect([await world.ledger.findApplied(hash), await world.ledger.findApplied(forged)]).toEqual([undefined, undefined])
})
