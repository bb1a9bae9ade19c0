import { setTimeout as pass } from 'node:timers/promises'
import type { DumpedCell } from '../target.ts'

export interface Method {
  type: string
  credentialId?: string
  encryptedShare?: unknown
  shareVersion?: number
}

/** One person's record, found by contact. Shares lie in it as they came. */
export interface UserKey {
  /** `email:ann@example.com` */
  contact: string
  providers: string[]
  primaryDid: string
  authShare: unknown
  shareVersion: number
  previous: { authShare: unknown; shareVersion: number }[]
  methods: Method[]
  recoveryEmail?: string
}

export interface QrSession {
  sessionId: string
  shortCode: string
  publicKey: string
  status: 'pending' | 'approved'
  encryptedPayload?: string
  approverDid?: string
}

/** Documents that are read and written whole, over a network: between the two, others read and write as well. */
export class Records<Value> {
  readonly #name: string
  readonly #values = new Map<string, Value>()

  constructor(name: string) {
    this.#name = name
  }

  async get(key: string): Promise<Value | undefined> {
    await pass(1)
    return structuredClone(this.#values.get(key))
  }

  async put(key: string, value: Value): Promise<void> {
    await pass(1)
    this.#values.set(key, structuredClone(value))
  }

  async remove(key: string): Promise<boolean> {
    await pass(1)
    return this.#values.delete(key)
  }

  keys(): string[] {
    return [...this.#values.keys()]
  }

  /** What whoever can write the database can do: no code of the server runs. */
  swap(first: string, second: string, fields: readonly (keyof Value)[]): void {
    const [one, other] = [this.#values.get(first), this.#values.get(second)]
    if (one === undefined || other === undefined) throw new Error('Both records must exist.')
    const parts = (value: Value) => Object.fromEntries(fields.map((field) => [field, value[field]]))
    this.#values.set(first, { ...one, ...parts(other) })
    this.#values.set(second, { ...other, ...parts(one) })
  }

  dump(): DumpedCell[] {
    return [...this.#values].flatMap(([row, value]) => [
      { table: this.#name, row, column: 'key', value: row },
      { table: this.#name, row, column: 'value', value: JSON.stringify(value) },
    ])
  }
}

export class LcaDatabase {
  readonly userKeys = new Records<UserKey>('userKeys')
  /** `recovery_email_code:<contact>` and `login-code:<email>:<code>`, in clear. */
  readonly cache = new Records<{ code: string; email: string }>('cache')
  /** The last number that each DID was given: the next challenge is that and one. */
  readonly challenges = new Records<number>('challenges')
  readonly sessions = new Records<QrSession>('sessions')
  /** Short codes to session ids. */
  readonly codes = new Records<string>('codes')

  dump(): DumpedCell[] {
    return [this.userKeys, this.cache, this.challenges, this.sessions, this.codes].flatMap((one) => one.dump())
  }
}
