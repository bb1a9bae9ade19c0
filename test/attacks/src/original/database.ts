import { setTimeout as pass } from 'node:timers/promises'
import type { DumpedCell } from '../target.ts'

export interface KeyRecord {
  id: string
  /** Base64, in clear: the shape's first mistake. */
  encryptionKey: string
  pin: string
  salt: string
  firstInvalid: string | null
  invalidCount: number
}

/** A table that whole records are read from and written to, over a network: between the two, others read and write as well. */
export class OriginalDatabase {
  readonly #records = new Map<string, KeyRecord>()

  async get(id: string): Promise<KeyRecord | null> {
    await pass(1)
    const record = this.#records.get(id)
    return record === undefined ? null : { ...record }
  }

  async put(record: KeyRecord): Promise<void> {
    await pass(1)
    this.#records.set(record.id, { ...record })
  }

  /** What whoever can write the database can do: no code of the server runs. */
  swap(first: string, second: string, columns: readonly (keyof KeyRecord)[]): void {
    const [one, other] = [this.#records.get(first), this.#records.get(second)]
    if (one === undefined || other === undefined) throw new Error('Both rows must exist.')
    const parts = (record: KeyRecord) => Object.fromEntries(columns.map((column) => [column, record[column]]))
    this.#records.set(first, { ...one, ...parts(other) })
    this.#records.set(second, { ...other, ...parts(one) })
  }

  dump(): DumpedCell[] {
    return [...this.#records.values()].flatMap((record) =>
      Object.entries(record).map(([column, value]) => ({
        table: 'keys',
        row: record.id,
        column,
        value: String(value),
      })),
    )
  }
}
