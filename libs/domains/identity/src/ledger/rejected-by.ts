import { transactionRejected } from './contract.ts'
import type { Rejected } from './ledger.ts'

/** A rejection as Horizon tells it. */
export const rejectedBy = ({ transactionCode, operationCodes, messages }: Rejected) =>
  transactionRejected({
    detail: 'Tx is invalid and got rejected',
    meta: {
      result_codes: { transaction: transactionCode, operations: [...operationCodes], messages: [...messages] },
    },
  })
