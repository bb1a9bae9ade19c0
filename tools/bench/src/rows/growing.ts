import { type Bench, CONNECTIONS } from '../bench.ts'
import { interleave, type Sample, warmUp } from '../interleave.ts'
import { inWords, type Line } from '../line.ts'

/** Rows that the small side keeps, and the large one begins with. */
export const SMALL = 1000
const SIZES = { quick: [100_000], full: [10_000, 100_000, 1_000_000] } as const
/** Few enough that the median is the work of one request and not the queue before it. */
export const FEW_CONNECTIONS = CONNECTIONS / 8

/** One request among few rows and among many: two servers, so that both are seen at the same time. */
export interface Growing {
  readonly operation: string
  /** What a row is: `keys`. */
  readonly things: string
  /** Medians in milliseconds. */
  readonly small: Sample
  readonly large: Sample
  /** Adds so many rows to the large side, and lets it settle. */
  readonly addRows: (count: number) => Promise<void>
}

export async function whileGrowing(bench: Bench, growing: Growing): Promise<readonly Line[]> {
  const { operation, things, small, large, addRows } = growing
  const lines: Line[] = []
  let rows = SMALL
  for (const size of SIZES[bench.depth]) {
    await addRows(size - rows)
    rows = size
    await warmUp([large, small])
    const { values, ratio } = await interleave([large, small], bench.rounds)
    const [ours = Number.NaN, theirs = Number.NaN] = values
    lines.push({
      operation: `${operation} p50, ${size.toLocaleString('en')} ${things}`,
      peer: `itself, ${SMALL.toLocaleString('en')} ${things}`,
      ours: `${inWords(ours)} ms`,
      theirs: `${inWords(theirs)} ms`,
      figure: ratio(0, 1),
      goal: { most: 1.25 },
    })
  }
  return lines
}
