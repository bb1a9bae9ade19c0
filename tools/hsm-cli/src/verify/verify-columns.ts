import type { Binding } from '@strongroom/hsm'
import type { EnvelopeProver, EnvelopeVerdict } from '@strongroom/hsm/inspection'
import type { SealedColumn } from '@strongroom/jobs'
import type { Database } from '@strongroom/storage'

const PAGE = 200

export interface ColumnVerdict {
  readonly column: string
  readonly rows: number
  /** Rows that every token opens. */
  readonly whole: number
  /** Rows that open, and lack a recipient of one of the tokens. */
  readonly incomplete: number
  /** What does not open on a token that should. */
  readonly broken: readonly BrokenRow[]
}

export interface BrokenRow {
  readonly id: string
  readonly fault: 'no envelope' | 'opens nowhere' | 'altered'
  /** Tokens on which it does not open. */
  readonly tokens: readonly string[]
}

interface Means {
  readonly database: Database
  readonly prover: EnvelopeProver
  readonly onPage: (rows: number) => void
}

/** Every row of the column; a row that is changed meanwhile is judged as it was read. */
export async function verifyColumn(column: SealedColumn, { database, prover, onPage }: Means): Promise<ColumnVerdict> {
  const tally = new Tally(column.name)
  for (let after = column.first; ;) {
    const rows = await column.page(database.reading, { after, limit: column.pageSize ?? PAGE })
    for (const { id, envelope, binding } of rows) await tally.judge(prover, { id, envelope, binding })
    onPage(rows.length)
    const last = rows.at(-1)
    if (last === undefined) return tally.verdict
    after = last.id
  }
}

/** One value that stands alone. */
export async function verifyValue(
  column: string,
  value: { envelope: Uint8Array; binding: Binding },
  prover: EnvelopeProver,
): Promise<ColumnVerdict> {
  const tally = new Tally(column)
  await tally.judge(prover, { id: '', ...value })
  return tally.verdict
}

class Tally {
  readonly #column: string
  #rows = 0
  #whole = 0
  #incomplete = 0
  readonly #broken: BrokenRow[] = []

  constructor(column: string) {
    this.#column = column
  }

  async judge(
    prover: EnvelopeProver,
    { id, envelope, binding }: { id: string; envelope: Uint8Array; binding: Binding },
  ): Promise<void> {
    this.#rows++
    const verdict = await prover.prove(envelope, binding)
    const fault = faultOf(verdict)
    if (fault !== undefined) this.#broken.push({ id, fault, tokens: verdict.failsOn })
    else if (verdict.lackedBy.length > 0) this.#incomplete++
    else this.#whole++
  }

  get verdict(): ColumnVerdict {
    return {
      column: this.#column,
      rows: this.#rows,
      whole: this.#whole,
      incomplete: this.#incomplete,
      broken: this.#broken,
    }
  }
}

function faultOf({ kind, opensOn, failsOn }: EnvelopeVerdict): BrokenRow['fault'] | undefined {
  if (kind === undefined) return 'no envelope'
  if (opensOn.length === 0) return 'opens nowhere'
  return failsOn.length > 0 ? 'altered' : undefined
}
