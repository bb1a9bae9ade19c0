import { type Interleaved, interleave, type Sample, warmUp } from '../interleave.ts'
import { type Goal, inWords, type Line } from '../line.ts'
import type { Bench } from '../bench.ts'

/** A pair of sides by their names in `sides`, as a line of the table. */
export interface Comparison {
  readonly operation: string
  readonly peer: string
  readonly ours: string
  readonly theirs: string
  readonly goal?: Goal
}

/** Warms every side up, interleaves them, and compares rates. */
export async function compareRates(
  bench: Bench,
  sides: Readonly<Record<string, Sample>>,
  comparisons: readonly Comparison[],
): Promise<readonly Line[]> {
  const names = Object.keys(sides)
  await warmUp(Object.values(sides))
  const seen = await interleave(Object.values(sides), bench.rounds)
  return comparisons.map((one) => toLine(seen, names, one))
}

function toLine(seen: Interleaved, names: readonly string[], comparison: Comparison): Line {
  const { operation, peer, goal } = comparison
  const [ours, theirs] = [names.indexOf(comparison.ours), names.indexOf(comparison.theirs)]
  const rate = (side: number) => inWords(seen.values[side] ?? Number.NaN)
  const figure = seen.ratio(ours, theirs)
  return { operation, peer, ours: rate(ours), theirs: rate(theirs), figure, ...(goal && { goal }) }
}
