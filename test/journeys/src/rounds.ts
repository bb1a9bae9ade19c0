/** How often a story of kills repeats itself: `JOURNEY_ROUNDS`, else few enough for every run of the tests. */
export function rounds(usual: number): number {
  const given = Number(process.env['JOURNEY_ROUNDS'] ?? usual)
  if (!Number.isInteger(given) || given < 1) throw new Error('JOURNEY_ROUNDS is how many rounds: a whole number from 1')
  return given
}
