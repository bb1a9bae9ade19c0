import { toHex } from '@strongroom/crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import vectors from '../../../../../test/vectors/tokend-create-account.json' with { type: 'json' }
import { admins, type LedgerWorld, ledgerWorld, master, outcomeOf, signerData } from '../../test/ledger-world.ts'
import { signerNamed } from '../../test/transaction-signers.ts'
import { type Envelope, readEnvelope, writeEnvelope } from './envelope.ts'
import type { OperationBody } from './operations.ts'

let world: LedgerWorld
beforeAll(async () => {
  world = await ledgerWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

const [ann = '', bob = ''] = vectors.accounts
const bobs = { key: bob, role: 2n, weight: 1000, identity: 1, details: '{}' }
const anns = { key: ann, role: 3n, weight: 5, identity: 4_294_967_295, details: '{"name":"tété"}' }

const expected: Readonly<Record<'referred' | 'alone', OperationBody>> = {
  referred: {
    type: 'create-account',
    account: bob,
    referrer: ann,
    role: 18_446_744_073_709_551_615n,
    signers: [bobs, anns],
  },
  alone: { type: 'create-account', account: bob, referrer: undefined, role: 7n, signers: [bobs] },
}

test.each(Object.entries(expected))(
  'an account is made, %s, as the published client does it, to the byte',
  (name, body) => {
    const { envelope, hash } = vectors[name as keyof typeof expected]
    const { signatures, hash: computed, ...transaction } = readEnvelope(envelope, vectors.networkPassphrase) as Envelope
    expect(transaction.operations).toEqual([{ source: undefined, body }])
    expect([toHex(computed), writeEnvelope(transaction, signatures)]).toEqual([hash, envelope])
  },
)

test('the embedded ledger makes accounts for this service alone, not for transactions', async () => {
  const signer = signerNamed('somebody')
  const wish = { account: signer.keyId, referrer: undefined, role: 3n, signers: [signerData(signer)] }
  const operations = [{ type: 'create-account', ...wish } as const]
  expect(await outcomeOf(world.ledger, { source: master, operations, signers: [admins[0]] })).toEqual([
    'op_not_supported',
  ])
  expect(await world.ledger.signersOf(signer.keyId)).toBeUndefined()
})
