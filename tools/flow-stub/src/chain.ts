import { checkSignatures, FlowError, useSequenceNumber } from './check.ts'
import { encode, type Encoded } from './encode.ts'
import type { Account, Block, Ledger } from './ledger.ts'
import { type FlowEvent, runScript } from './scripts.ts'
import type { Transaction } from './transaction.ts'

export type Status = 'Pending' | 'Executed' | 'Sealed' | 'Expired'

export interface Outcome {
  readonly id: string
  readonly status: Status
  readonly block: Block | undefined
  readonly error: string
  readonly events: readonly FlowEvent[]
}

/** Blocks, what runs in them, and when they are sealed. */
export interface StubChain {
  readonly sealed: Block
  block(id: string): Block | undefined
  account(address: string, height: number): Account | undefined
  /** Answers the id. @throws Rejected for what an access node does not take. */
  submit(transaction: Transaction, forget: 'keep' | 'forget'): string
  outcome(id: string): Outcome | undefined
  outcomes(): Outcome[]
  /** Makes blocks; the first holds what waits. */
  advance(blocks: number): void
  /** How many blocks the newest sealed one is behind. */
  lag(blocks: number): void
}

/** What an access node answers 400 to. */
export class Rejected extends Error {}

const GOOD_FOR = 600
const MOST_GAS = 9999

interface Known {
  readonly transaction: Transaction
  readonly encoded: Encoded
  readonly end?: { readonly block: Block; readonly error: string; readonly events: readonly FlowEvent[] }
}

export function openChain(ledger: Ledger): StubChain {
  const known = new Map<string, Known>()
  let behind = 0
  const sealedHeight = () => Math.max(0, ledger.newest.height - behind)
  const now = (address: string) => ledger.account(address, ledger.newest.height + 1)

  const isTooOld = ({ reference_block_id: id }: Transaction, height: number) =>
    (ledger.block(id)?.height ?? 0) + GOOD_FOR < height

  function run(transaction: Transaction, encoded: Encoded): { error: string; events: readonly FlowEvent[] } {
    try {
      checkSignatures(transaction, encoded, now)
      ledger.put(useSequenceNumber(transaction, now))
      const { script, arguments: args, authorizers } = transaction
      const events = runScript({ ledger, script, args, authorizer: now(authorizers[0] ?? '') })
      return { error: '', events }
    } catch (error) {
      if (error instanceof FlowError) return { error: error.message, events: [] }
      throw error
    }
  }

  function makeBlock(): void {
    const height = ledger.newest.height + 1
    const ran = [...known]
      .filter(([, { end, transaction }]) => !end && !isTooOld(transaction, height))
      .map(([id, one]) => ({ id, one, end: run(one.transaction, one.encoded) }))
    const block = ledger.close()
    for (const { id, one, end } of ran) known.set(id, { ...one, end: { block, ...end } })
  }

  function outcome(id: string): Outcome | undefined {
    const found = known.get(id)
    if (!found) return undefined
    const { end, transaction } = found
    if (!end) {
      const status = isTooOld(transaction, sealedHeight()) ? 'Expired' : 'Pending'
      return { id, status, block: undefined, error: '', events: [] }
    }
    return { id, status: end.block.height <= sealedHeight() ? 'Sealed' : 'Executed', ...end }
  }

  return {
    get sealed() {
      return ledger.blockAt(sealedHeight()) ?? ledger.newest
    },
    block: (id) => ledger.block(id),
    account: (address, height) => (height <= sealedHeight() ? ledger.account(address, height) : undefined),
    submit(transaction, forget) {
      const reference = ledger.block(transaction.reference_block_id)
      if (!reference) throw new Rejected('the reference block is unknown')
      if (isTooOld(transaction, ledger.newest.height)) throw new Rejected('transaction is expired')
      if (transaction.gas_limit < 1 || transaction.gas_limit > MOST_GAS) throw new Rejected('invalid gas limit')
      const encoded = encode(transaction)
      if (forget === 'keep' && !known.has(encoded.id)) known.set(encoded.id, { transaction, encoded })
      return encoded.id
    },
    outcome,
    outcomes: () => [...known.keys()].flatMap((id) => outcome(id) ?? []),
    advance(blocks) {
      for (let made = 0; made < blocks; made++) makeBlock()
    },
    lag: (blocks) => void (behind = blocks),
  }
}
