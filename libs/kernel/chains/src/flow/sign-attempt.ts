import { z } from 'zod'
import type { FlowDeps } from './advance.ts'
import { type AttemptRow, findAttempt, keepSigned } from './attempts.ts'
import { rowAddress } from './begin.ts'
import { decodeMessage } from './decode-message.ts'
import type { FlowPayload } from './message.ts'
import { deploymentScript } from './scripts.ts'
import { DEPLOYMENT_GAS } from './settings.ts'
import { readSigned } from './signature-columns.ts'
import type { TransactionRow } from './store.ts'

export type SignedAttempt = AttemptRow & { readonly body: string; readonly hash: string }

/** The same bytes whoever asks, and however often: signed outside any transaction, and kept before anybody sends them. */
export async function signAttempt(
  { database, payer }: FlowDeps,
  transaction: TransactionRow,
  attempt: AttemptRow,
): Promise<SignedAttempt | undefined> {
  if (isSigned(attempt)) return attempt
  const isOwn = transaction.kind === 'deployment'
  const sealed = await payer.seal(isOwn ? deploymentOf(transaction, attempt) : requestOf(transaction), {
    keyIndex: isOwn ? attempt.key_index : payer.keyIndex,
    by: readSigned(attempt.payload_signatures),
  })
  await database.transaction((tx) => keepSigned(tx, { id: attempt.id, transactionId: transaction.id }, sealed))
  const kept = await findAttempt(database, transaction.id)
  return kept?.id === attempt.id && isSigned(kept) ? kept : undefined
}

const isSigned = (attempt: AttemptRow): attempt is SignedAttempt => attempt.body !== null && attempt.hash !== null

const texts = z.array(z.string())

function deploymentOf({ arguments: kept }: TransactionRow, attempt: AttemptRow): FlowPayload {
  const payer = rowAddress(attempt.proposer)
  return {
    script: deploymentScript,
    arguments: texts.parse(JSON.parse(kept ?? '')),
    referenceBlock: attempt.reference_block,
    gasLimit: DEPLOYMENT_GAS,
    proposer: { address: payer, keyIndex: attempt.key_index, sequenceNumber: attempt.sequence_number },
    payer,
    authorizers: [payer],
  }
}

function requestOf({ message }: TransactionRow): FlowPayload {
  const decoded = message && decodeMessage(message)
  if (!decoded) throw new Error('a row holds a message that is none')
  return decoded.payload
}
