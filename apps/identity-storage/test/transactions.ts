import { randomBytes } from 'node:crypto'
import { type OperationBody, signTransaction, type TransactionSigner } from '@strongroom/identity'
import { type Ask, NETWORK } from './client.ts'

export interface EnvelopeWish {
  /** Of the transaction. */
  readonly source: string
  readonly operations: readonly OperationBody[]
  readonly signers: readonly TransactionSigner[]
  readonly network?: string
  /** Seconds that it is valid for, from the ledger's time; negative for one that is over. */
  readonly validity?: number
  /** Of its operations, where it is another than the transaction's. */
  readonly operationSource?: string
}

export async function envelopeOf(ask: Ask, wish: EnvelopeWish): Promise<string> {
  const { source, operations, signers, network = NETWORK, validity = 3600, operationSource } = wish
  const { body } = await ask({ path: '/' })
  const now = (body as { current_time: number }).current_time
  const transaction = {
    source,
    salt: randomBytes(8).readBigUInt64BE(),
    timeBounds: { minTime: 0n, maxTime: BigInt(now + validity) },
    memo: { type: 'none' },
    operations: operations.map((operation) => ({ source: operationSource, body: operation })),
  } as const
  return signTransaction(transaction, { networkPassphrase: network, signers })
}

export const signerOfKey = (key: string, role = 2n) => ({ key, role, weight: 1000, identity: 1, details: '{}' })

export const adding = (key: string): OperationBody => ({
  type: 'manage-signer',
  change: { action: 'create', signer: signerOfKey(key) },
})

export const removing = (key: string): OperationBody => ({ type: 'manage-signer', change: { action: 'remove', key } })

export const submitting = (tx: string) => ({ method: 'POST', path: '/v3/transactions', body: { tx } })

/** The keys that sign for an account, in the order of the alphabet. */
export async function signersOf(ask: Ask, account: string): Promise<readonly string[]> {
  const { body } = await ask({ path: `/v3/accounts/${account}/signers` })
  return (body as { data: { id: string }[] }).data.map(({ id }) => id).toSorted()
}

/** What the ledger says that it did not do. */
export const rejection = (transaction: string, operations: readonly string[], messages: readonly string[]) => ({
  detail: 'Tx is invalid and got rejected',
  meta: { result_codes: { transaction, operations, messages } },
})

export const badAuth = rejection(
  'tx_bad_auth',
  [],
  ['The signatures are not those of enough of the account’s signers, on this network.'],
)
