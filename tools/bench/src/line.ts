/** A bound that a figure should keep. Nobody fails for it: time on a shared machine proves nothing by itself. */
export interface Goal {
  readonly least?: number
  readonly most?: number
  /** What is not a ratio says what it is: `ms more`, `bytes`. */
  readonly unit?: string
}

/** One line of the table. */
export interface Line {
  readonly operation: string
  readonly peer: string
  /** As printed: a rate, or a figure with its unit. */
  readonly ours: string
  readonly theirs: string
  readonly figure: number
  /** None: told for comparison. */
  readonly goal?: Goal
}

const heads = ['operation', 'peer', 'ours/s', 'peer/s', 'ratio', 'goal', 'verdict']

export function toMarkdown(lines: readonly Line[]): string {
  const rows = [heads, heads.map(() => '---'), ...lines.map(cellsOf)]
  return rows.map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

export function judge({ figure, goal }: Pick<Line, 'figure' | 'goal'>): '' | 'meets' | 'misses' {
  if (!goal) return ''
  const { least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY } = goal
  return figure >= least && figure <= most ? 'meets' : 'misses'
}

/** `2450`, `61.3`, `1.27`: three digits are more than such a machine can tell. */
export const inWords = (value: number): string =>
  Math.abs(value) >= 100 ? value.toFixed(0) : Math.abs(value) >= 10 ? value.toFixed(1) : value.toFixed(2)

const cellsOf = (line: Line): readonly string[] => {
  const { operation, peer, ours, theirs, figure, goal } = line
  return [
    operation,
    peer,
    ours,
    theirs,
    [inWords(figure), goal?.unit].filter(Boolean).join(' '),
    goalOf(goal),
    judge(line),
  ]
}

function goalOf(goal: Goal | undefined): string {
  if (!goal) return ''
  const { least, most } = goal
  if (least !== undefined && most !== undefined) return `${String(least)} to ${String(most)}`
  return least === undefined ? `at most ${String(most)}` : `at least ${String(least)}`
}
