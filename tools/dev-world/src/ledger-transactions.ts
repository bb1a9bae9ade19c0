import { systemRandom } from '@strongroom/crypto'
import { type OperationBody, type SignerData, signTransaction } from '@strongroom/identity'
import type { IdentityApi, Signer, SignerChange } from '@strongroom/identity-client'
import { z } from 'zod'

/** The ledger that identity-storage embeds, by its address. */
export interface LedgerAccess {
  readonly url: string
  readonly api: IdentityApi
}

/** A transaction of one account that one key signs. */
export interface TransactionWish {
  /** `G…` */
  readonly source: string
  readonly signer: Signer
  readonly operations: readonly OperationBody[]
}

/** Seconds: a transaction that was signed and never submitted is worth nothing after that. */
const VALIDITY = 600

const Info = z.object({ network_passphrase: z.string(), master_account_id: z.string(), current_time: z.int() })
const Weighed = z.object({ weight: z.int(), identity: z.int() })

/** Base64 XDR of a TokenD envelope, for the network and by the clock of that ledger. */
export async function writeTransaction(url: string, { source, signer, operations }: TransactionWish): Promise<string> {
  const { network_passphrase: networkPassphrase, current_time: now } = await infoOf(url)
  const transaction = {
    source,
    salt: Buffer.from(systemRandom(8)).readBigUInt64BE(),
    timeBounds: { minTime: 0n, maxTime: BigInt(now + VALIDITY) },
    memo: { type: 'none' },
    operations: operations.map((body) => ({ source: undefined, body })),
  } as const
  return signTransaction(transaction, { networkPassphrase, signers: [signer] })
}

/** What a password change wants: the new key takes the place of the one that signs, with its role, weight and identity. */
export const signerChangeBy =
  ({ url, api }: LedgerAccess) =>
  async ({ accountId, signer, newSignerId }: SignerChange): Promise<string> => {
    const { data } = await api.ask({ method: 'GET', path: `/v3/accounts/${accountId}/signers` })
    const own = data.find(({ id }) => id === signer.keyId)
    if (!own) throw new Error('the key no longer signs for this account')
    const { weight, identity } = Weighed.parse(own.attributes)
    const role = BigInt(own.relationships['role']?.[0]?.id ?? '')
    const coming = { key: newSignerId, role, weight, identity, details: '{}' }
    const operations: OperationBody[] = [
      { type: 'manage-signer', change: { action: 'create', signer: coming } },
      { type: 'manage-signer', change: { action: 'remove', key: signer.keyId } },
    ]
    return writeTransaction(url, { source: accountId, signer, operations })
  }

/** What a recovered wallet asks for: that its key be the account's one signer. */
export function requestSigner(account: string, { keyId }: Signer, role: number): OperationBody {
  const wanted: SignerData = { key: keyId, role: BigInt(role), weight: 1000, identity: 1, details: '{}' }
  return {
    type: 'create-kyc-recovery-request',
    requestId: 0n,
    account,
    signers: [wanted],
    creatorDetails: '{}',
    allTasks: undefined,
  }
}

/** An administrator has seen the owner's papers. `hash` is that of what was seen, hex. */
export const approve = ({ id, hash }: { readonly id: string; readonly hash: string }): OperationBody => ({
  type: 'review-request',
  requestId: BigInt(id),
  requestHash: hash,
  action: 'approve',
  reason: '',
  details: { tasksToAdd: 0, tasksToRemove: 0, externalDetails: '{}' },
})

/** @throws IdentityError */
export async function submit(api: IdentityApi, envelope: string): Promise<void> {
  await api.ask({ method: 'POST', path: '/v3/transactions', body: { tx: envelope } })
}

/** `G…`: on whose behalf administrators sign. */
export const masterAccountOf = async (url: string): Promise<string> => (await infoOf(url)).master_account_id

async function infoOf(url: string): Promise<z.output<typeof Info>> {
  const answer = await fetch(new URL('/', url), { headers: { connection: 'close' } })
  return Info.parse(await answer.json())
}
