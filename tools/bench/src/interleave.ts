import { median } from './statistics.ts'

/** One measurement; answers a number of which more is better, or less: the row knows. */
export type Sample = () => Promise<number>

export interface Interleaved {
  /** Median, by side. */
  readonly values: readonly number[]
  /** Median of a side's share of another one in the same round: what slows a whole round down falls out. */
  readonly ratio: (ours: number, theirs: number) => number
}

/** Rounds of A B C, A B C, so that every side sees the same weather. */
export async function interleave(sides: readonly Sample[], rounds: number): Promise<Interleaved> {
  const seen: number[][] = sides.map(() => [])
  for (let round = 0; round < rounds; round++) {
    for (const [index, side] of sides.entries()) seen[index]?.push(await side())
  }
  const at = (side: number, round: number) => seen[side]?.[round] ?? Number.NaN
  return {
    values: seen.map((samples) => median(samples)),
    ratio: (ours, theirs) => median(Array.from({ length: rounds }, (_, round) => at(ours, round) / at(theirs, round))),
  }
}

const WARM_UP_SECONDS = 3

/** Each side for so long that what the compiler has yet to do does not count: young code takes twice the time. */
export async function warmUp(sides: readonly Sample[]): Promise<void> {
  for (const side of sides) {
    const over = performance.now() + WARM_UP_SECONDS * 1000
    do await side()
    while (performance.now() < over)
  }
}
