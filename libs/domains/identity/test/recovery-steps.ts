import { randomBytes } from 'node:crypto'
import type { TransactionSigner } from '../src/ledger/cosign.ts'
import type { OperationBody, RecoveryWish, Review } from '../src/ledger/operations.ts'
import type { ListedRequest } from '../src/ledger/recovery-list.ts'
import { admins, type LedgerWorld, master, outcomeOf, signerData } from './ledger-world.ts'
import { signerOf } from './transaction-signers.ts'

export const newKey = (): TransactionSigner => signerOf(randomBytes(32))

export const ask = (
  account: Pick<TransactionSigner, 'keyId'>,
  signers: RecoveryWish['signers'],
  of: Partial<RecoveryWish> = {},
): OperationBody => ({
  type: 'create-kyc-recovery-request',
  requestId: 0n,
  account: account.keyId,
  signers,
  creatorDetails: '{"blob_id":"B"}',
  allTasks: undefined,
  ...of,
})

export const review = ({ id, hash }: Pick<ListedRequest, 'id' | 'hash'>, of: Partial<Review> = {}): OperationBody => ({
  type: 'review-request',
  requestId: BigInt(id),
  requestHash: hash,
  action: 'approve',
  reason: '',
  details: { tasksToAdd: 0, tasksToRemove: 0, externalDetails: '{}' },
  ...of,
})

/** The steps of a recovery, on that world's ledger. */
export function recoverySteps(world: () => LedgerWorld) {
  const byAdmin = (...operations: OperationBody[]) =>
    outcomeOf(world().ledger, { source: master, operations, signers: [admins[0]] })

  async function requestOf(account: TransactionSigner): Promise<ListedRequest> {
    const [found] = await world().ledger.recoveryRequests({ account: account.keyId, skip: 0, most: 5 })
    if (!found) throw new Error('nothing is asked')
    return found
  }

  /** An account whose owner is lost, and a key that its mail let in. */
  async function begun() {
    const account = await world().account()
    const key = newKey()
    const wish = { account: account.keyId, signer: key.keyId }
    const answer = await world().ledger.beginKycRecovery(wish)
    if (answer !== 'begun') throw new Error(answer)
    return { account, key, wish }
  }

  async function asked() {
    const { account, key, wish } = await begun()
    const operations = [ask(account, [signerData(key)])]
    const answer = await outcomeOf(world().ledger, { source: account, operations, signers: [key] })
    if (answer !== 'applied') throw new Error(String(answer))
    return { account, key, wish, request: await requestOf(account) }
  }

  return { byAdmin, requestOf, begun, asked }
}
