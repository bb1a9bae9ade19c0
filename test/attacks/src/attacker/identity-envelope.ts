import { randomBytes } from 'node:crypto'
import { readStrkey } from '@strongroom/proofs'
import { type IdentityKey, sha256 } from './identity-key.ts'

export interface SignerChange {
  readonly networkPassphrase: string
  /** `G…`: whose signers change. */
  readonly account: string
  /** What signs the transaction. */
  readonly by: IdentityKey
  /** `G…` each; those that come are owners of the default role and full weight. */
  readonly adds?: readonly string[]
  /** What those that come are to the ledger: of one identity, one counts. 1 unless said. */
  readonly identity?: number
  readonly removes?: readonly string[]
}

const DEFAULT_ROLE = 2n

/** A transaction of operations that manage signers. */
export function signerChange({ adds = [], identity = 1, removes = [], ...change }: SignerChange): string {
  const added = adds.map((key) => operation(MANAGE_SIGNER, [u32(0), ...signerData(key, identity)]))
  const removed = removes.map((key) => operation(MANAGE_SIGNER, [u32(2), key32(key), u32(0)]))
  return envelopeOf(change, [...added, ...removed])
}

/** A transaction that asks for new signers. `details` is JSON. */
export const recoveryRequest = (
  request: Omit<SignerChange, 'adds' | 'identity' | 'removes'>,
  { signers, details }: { readonly signers: readonly string[]; readonly details: string },
): string => {
  const wanted = [u32(signers.length), ...signers.flatMap((key) => signerData(key))]
  return envelopeOf(request, [
    operation(RECOVERY_REQUEST, [u64(0n), key32(request.account), ...wanted, text(details), u32(0)]),
  ])
}

const signerData = (key: string, identity = 1): Buffer[] => [
  key32(key),
  u64(DEFAULT_ROLE),
  u32(1000),
  u32(identity),
  text('{}'),
  u32(0),
]

/** TokenD's TransactionEnvelope, by hand: Base64 of XDR. */
function envelopeOf(
  { networkPassphrase, account, by }: Omit<SignerChange, 'adds' | 'identity' | 'removes'>,
  operations: readonly Buffer[],
): string {
  const until = BigInt(Math.floor(Date.now() / 1000) + 3600)
  const transaction = Buffer.concat([
    key32(account),
    u64(randomBytes(8).readBigUInt64BE()),
    u64(0n),
    u64(until),
    u32(0),
    u32(operations.length),
    ...operations,
    u32(0),
  ])
  const signature = by.sign(sha256(sha256(networkPassphrase), u32(2), transaction))
  const decorated = [u32(1), by.publicKey.subarray(-4), u32(64), signature]
  return Buffer.concat([transaction, ...decorated]).toString('base64')
}

const [MANAGE_SIGNER, RECOVERY_REQUEST] = [38, 49]

const operation = (type: number, parts: readonly Buffer[]): Buffer =>
  Buffer.concat([u32(0), u32(type), ...parts, u32(0)])

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

function u64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(value)
  return bytes
}

const key32 = (id: string): Buffer => Buffer.concat([u32(0), readStrkey('account', id) ?? Buffer.alloc(32)])

const text = (value: string): Buffer =>
  Buffer.concat([u32(value.length), Buffer.from(value), Buffer.alloc((4 - (value.length % 4)) % 4)])
