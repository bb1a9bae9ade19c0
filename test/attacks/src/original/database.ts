import { setTimeout as pass } from 'node:timers/promises'
import type { DumpedCell } from '../target.ts'
import type { Counted } from './rate-limit.ts'

export interface KeyRecord extends Counted {
  id: string
  /** Base64, in clear: the shape's first mistake. */
  encryptionKey: string
  pin: string
  salt: string
  /** Until when a reset waits. Nothing but a completed reset ends it. */
  lockedUntil: string | null
}

export interface UserRecord extends Counted {
  /** The hash of the address under the key's salt. */
  id: string
  op: string | null
  /** Six digits, in clear, without an end. */
  code: string
  verified: boolean
}

/** A table that whole records are read from and written to, over a network: between the two, others read and write as well. */
export class Table<Row extends { id: string }> {
  readonly name: string
  readonly #records = new Map<string, Row>()

  constructor(name: string) {
    this.name = name
  }

  async get(id: string): Promise<Row | null> {
    await pass(1)
    const record = this.#records.get(id)
    return record === undefined ? null : { ...record }
  }

  async put(record: Row): Promise<void> {
    await pass(1)
    this.#records.set(record.id, { ...record })
  }

  async remove(id: string): Promise<void> {
    await pass(1)
    this.#records.delete(id)
  }

  /** What whoever can write the database can do: no code of the server runs. */
  swap(first: string, second: string, columns: readonly (keyof Row)[]): void {
    const [one, other] = [this.#records.get(first), this.#records.get(second)]
    if (one === undefined || other === undefined) throw new Error('Both rows must exist.')
    const parts = (record: Row) => Object.fromEntries(columns.map((column) => [column, record[column]]))
    this.#records.set(first, { ...one, ...parts(other) })
    this.#records.set(second, { ...other, ...parts(one) })
  }

  dump(): DumpedCell[] {
    return [...this.#records.values()].flatMap((record) =>
      Object.entries<unknown>(record).map(([column, value]) => ({
        table: this.name,
        row: record.id,
        column,
        value: String(value),
      })),
    )
  }
}

export class OriginalDatabase {
  readonly keys = new Table<KeyRecord>('keys')
  readonly users = new Table<UserRecord>('users')

  dump(): DumpedCell[] {
    return [...this.keys.dump(), ...this.users.dump()]
  }
}
