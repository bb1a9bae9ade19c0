import { toBase64 } from '@strongroom/crypto'
import { operationCodes } from './operations.ts'
import { XdrWriter } from './xdr.ts'

/** What an operation that was applied tells. */
export type OperationResult =
  | { readonly type: 'manage-signer' | 'initiate-kyc-recovery' }
  | { readonly type: 'create-kyc-recovery-request'; readonly requestId: number }
  | { readonly type: 'review-request'; readonly fulfilled: boolean }

/** TokenD's TransactionResult of one that was applied, Base64: no fee, success, a result for each operation. */
export function writeResult(results: readonly OperationResult[]): string {
  const to = new XdrWriter()
  to.u64(0n)
  to.u32(0)
  to.u32(results.length)
  for (const result of results) writeOne(result, to)
  to.u32(0)
  return toBase64(to.bytes())
}

/** The operation came to its own result, which is a success; each ends with an extension, which is empty. */
function writeOne(result: OperationResult, to: XdrWriter): void {
  to.u32(0)
  to.u32(operationCodes[result.type])
  to.u32(0)
  if (result.type === 'create-kyc-recovery-request') {
    to.u64(BigInt(result.requestId))
    to.u32(0)
  }
  if (result.type === 'review-request') {
    to.u32(result.fulfilled ? 1 : 0)
    to.u32(0)
  }
  to.u32(0)
}
