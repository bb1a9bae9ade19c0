import type { Tx } from '@strongroom/storage'
import { type BareAddress, bareAddress } from './address.ts'
import type { FlowDeps } from './advance.ts'
import {
  type AttemptRow,
  findAttempt,
  holdKey,
  insertAttempt,
  mayHaveKey,
  type NewAttempt,
  takeKey,
} from './attempts.ts'
import { understand } from './decode.ts'
import { countedSignatures, isEnough } from './keys.ts'
import type { FlowSignature } from './message.ts'
import { charge, endTransaction, lockTransaction, postpone, type TransactionRow } from './store.ts'
import { readSignatures, writeSigned } from './signature-columns.ts'

/** Between two looks whether a new day has come. */
const WITHOUT_BUDGET_SECONDS = 600

/** Writes down what will be signed; `undefined` where nothing can be now. The chain is asked before anything is locked. */
export const beginAttempt = (deps: FlowDeps, transaction: TransactionRow): Promise<AttemptRow | undefined> =>
  transaction.kind === 'deployment' ? beginDeployment(deps, transaction) : beginRequest(deps, transaction)

async function beginDeployment(deps: FlowDeps, { id }: TransactionRow): Promise<AttemptRow | undefined> {
  const { api, payer, name, database } = deps
  if (!(await mayHaveKey(database, name))) {
    // Due as before: whoever frees a key looks for what waits.
    await postpone(database, id, 0)
    return undefined
  }
  const block = await api.sealedBlock()
  const keys = await payer.keysAt(block.height)
  return database.transaction((tx) =>
    begin(deps, { tx, id }, async () => {
      const key = await takeKey(tx, name, keys)
      if (!key) return undefined
      const made = {
        proposer: payer.address,
        key_index: key.index,
        sequence_number: key.sequenceNumber,
        reference_block: block.id,
        reference_height: block.height,
        payload_signatures: writeSigned([]),
      }
      return { made, hold: (by) => holdKey(tx, name, { key, by }) }
    }),
  )
}

async function beginRequest(deps: FlowDeps, transaction: TransactionRow): Promise<AttemptRow | undefined> {
  const { database } = deps
  const { id } = transaction
  const signed = await judge(deps, transaction)
  return database.transaction(async (tx) => {
    if (signed) return begin(deps, { tx, id }, async () => ({ made: signed }))
    await endTransaction(tx, id, { state: 'refused', reason: 'rejected' })
    return undefined
  })
}

interface Beginning {
  readonly made: NewAttempt
  hold?(by: string): Promise<unknown>
}

async function begin(
  { name, setting }: FlowDeps,
  { tx, id }: { tx: Tx; id: string },
  prepare: () => Promise<Beginning | undefined>,
): Promise<AttemptRow | undefined> {
  const transaction = await lockTransaction(tx, id)
  if (transaction?.state !== 'queued') return undefined
  const other = await findAttempt(tx, id)
  if (other) return other
  const beginning = await prepare()
  if (!beginning) return undefined
  const wish = { chain: name, appId: transaction.app_id, most: setting.transactionsPerDay }
  if (!(await charge(tx, wish))) {
    // A deployment waits for another day; a request would be too old by then.
    if (transaction.kind === 'deployment') await postpone(tx, id, WITHOUT_BUDGET_SECONDS)
    else await endTransaction(tx, id, { state: 'refused', reason: 'budget' })
    return undefined
  }
  const attempt = await insertAttempt(tx, id, beginning.made)
  await beginning.hold?.(attempt.id)
  return attempt
}

/** What was asked to be relayed, if it will run: the chain would take our money for it all the same. */
async function judge(
  { api, payer }: FlowDeps,
  { message, signatures }: TransactionRow,
): Promise<NewAttempt | undefined> {
  const understood = understand(Buffer.from(message ?? []).toString('hex'), payer.address)
  if (understood?.message.form !== 'payload') return undefined
  const { bytes, account: address } = understood
  const { proposer, referenceBlock } = understood.message.payload
  const block = await api.block(referenceBlock)
  const account = await api.accountAt(address, 'sealed')
  if (!block || !account) return undefined
  const counted: FlowSignature[] = countedSignatures({ address, account }, bytes, readSignatures(signatures ?? '[]'))
  const proposes = counted.some(({ keyIndex }) => keyIndex === proposer.keyIndex)
  if (!proposes || !isEnough(account, bytes, counted)) return undefined
  return {
    proposer: proposer.address,
    key_index: proposer.keyIndex,
    sequence_number: proposer.sequenceNumber,
    reference_block: block.id,
    reference_height: block.height,
    payload_signatures: writeSigned(counted),
  }
}

/** Of a row of ours, which holds nothing else. */
export function rowAddress(text: string): BareAddress {
  const address = bareAddress(text)
  if (address === undefined) throw new Error('a row holds an address that is none')
  return address
}
