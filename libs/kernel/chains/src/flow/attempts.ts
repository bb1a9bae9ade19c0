import { sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'

const attempt = z.object({
  id: z.uuid(),
  number: z.int(),
  proposer: z.string(),
  key_index: z.int(),
  sequence_number: z.int(),
  reference_block: z.string(),
  reference_height: z.int(),
  payload_signatures: z.string(),
  body: z.string().nullable(),
  hash: z.string().nullable(),
})
export type AttemptRow = z.output<typeof attempt>

const columns = sql`id, number, proposer, key_index, sequence_number, reference_block, reference_height,
                    payload_signatures, body, hash`

/** The one whose end is not known; there is at most one. */
export const findAttempt = (statements: Statements, transactionId: string): Promise<AttemptRow | undefined> =>
  statements.maybe(
    attempt,
    sql`select ${columns} from chains.flow_attempts where transaction_id = ${transactionId} and outcome is null`,
  )

export type NewAttempt = Omit<AttemptRow, 'id' | 'number' | 'body' | 'hash'>

/** In the transaction that holds the lock on the transaction’s row. */
export async function insertAttempt(tx: Statements, transactionId: string, made: NewAttempt): Promise<AttemptRow> {
  await tx.run(sql`update chains.flow_transactions set tries = tries + 1 where id = ${transactionId}`)
  return tx.one(
    attempt,
    sql`insert into chains.flow_attempts
               (transaction_id, number, proposer, key_index, sequence_number, reference_block, reference_height,
                payload_signatures)
        select id, tries, ${made.proposer}, ${made.key_index}, ${made.sequence_number}, ${made.reference_block},
               ${made.reference_height}, ${made.payload_signatures}
          from chains.flow_transactions where id = ${transactionId}
        returning ${columns}`,
  )
}

/** The first that signs is kept: whoever signed at the same time sends these bytes, not their own. */
export async function keepSigned(
  tx: Statements,
  { id, transactionId }: { id: string; transactionId: string },
  { body, hash }: { body: string; hash: string },
): Promise<void> {
  const kept = await tx.run(
    sql`update chains.flow_attempts set body = ${body}, hash = ${hash} where id = ${id} and body is null`,
  )
  if (kept === 1) await tx.run(sql`update chains.flow_transactions set hash = ${hash} where id = ${transactionId}`)
}

/** True for the one that ends it, in its own transaction; false where another was first. */
export const endAttempt = async (
  tx: Statements,
  id: string,
  outcome: 'succeeded' | 'failed' | 'expired',
): Promise<boolean> =>
  (await tx.run(sql`update chains.flow_attempts set outcome = ${outcome} where id = ${id} and outcome is null`)) === 1

export interface ChainKey {
  readonly index: number
  readonly sequenceNumber: number
}

const held = z.object({ key_index: z.int(), sequence_number: z.int() })

/**
 * Takes a key that proposes nothing now, under its row’s lock. Of what the chain says and what we know the later number
 * counts: the chain may have been asked before our last transaction ended.
 */
export async function takeKey(tx: Statements, chain: string, keys: readonly ChainKey[]): Promise<ChainKey | undefined> {
  const offered = sql`unnest(${keys.map(({ index }) => index)}::int[],
                             ${keys.map(({ sequenceNumber }) => sequenceNumber)}::bigint[]) as o (key_index, sequence_number)`
  await tx.run(sql`
    insert into chains.flow_proposal_keys (chain, key_index, sequence_number)
    select ${chain}, o.key_index, o.sequence_number from ${offered} on conflict do nothing`)
  const taken = await tx.maybe(
    held,
    sql`select key_index, greatest(k.sequence_number, o.sequence_number) as sequence_number
          from chains.flow_proposal_keys k join ${offered} using (key_index)
         where k.chain = ${chain} and k.held_by is null
         order by key_index limit 1 for update of k skip locked`,
  )
  return taken && { index: taken.key_index, sequenceNumber: taken.sequence_number }
}

/** False where all keys propose something: then no node need be asked. */
export const mayHaveKey = async (statements: Statements, chain: string): Promise<boolean> => {
  const { may } = await statements.one(
    z.object({ may: z.boolean() }),
    sql`select count(*) = 0 or bool_or(held_by is null) as may from chains.flow_proposal_keys where chain = ${chain}`,
  )
  return may
}

export const holdKey = (tx: Statements, chain: string, { key, by }: { key: ChainKey; by: string }): Promise<number> =>
  tx.run(
    sql`update chains.flow_proposal_keys set held_by = ${by}, sequence_number = ${key.sequenceNumber}
         where chain = ${chain} and key_index = ${key.index}`,
  )

/** `sequenceNumber`: the least that the key has now, as far as we know; 0 where only the chain knows. */
export const freeKey = (
  tx: Statements,
  { by, sequenceNumber }: { by: string; sequenceNumber: number },
): Promise<number> =>
  tx.run(
    sql`update chains.flow_proposal_keys set held_by = null, sequence_number = ${sequenceNumber} where held_by = ${by}`,
  )
