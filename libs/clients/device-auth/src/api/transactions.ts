import type { Transaction } from './answers.ts'
import { notAnAnswer, type Transport } from './transport.ts'

export interface TransactionFilter {
  readonly keyId?: string
  readonly type?: Transaction['type']
  readonly status?: Transaction['status']
  /** How many are asked for at once: 1 to 100, 20 when left out. */
  readonly limit?: number
}

interface Page {
  readonly transactions: readonly Transaction[]
  readonly nextCursor: string | null
}

export const transactionsApi = ({ send }: Transport) => ({
  /** All of them, newest first; a page is asked for when the one before it is used up. */
  async *listTransactions(filter: TransactionFilter = {}): AsyncGenerator<Transaction, void, undefined> {
    const seen = new Set<string>()
    let cursor: string | null | undefined
    do {
      const { answer }: { readonly answer: Page } = await send<Page>({
        method: 'GET',
        path: '/transactions',
        query: { ...filter, cursor },
        fields: { transactions: 'array' },
      })
      yield* answer.transactions
      cursor = answer.nextCursor ?? undefined
      // A server that leads in a circle would be asked for ever.
      if (cursor !== undefined && seen.has(cursor)) throw notAnAnswer()
      if (cursor !== undefined) seen.add(cursor)
    } while (cursor !== undefined)
  },
})
