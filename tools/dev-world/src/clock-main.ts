import { DatabaseUnavailable } from '@strongroom/storage'
import { passTime, readShift } from './clock.ts'
import { usualPlaces } from './places.ts'
import { readWorldFile } from './world-file.ts'

const [shift = ''] = process.argv.slice(2)
const interval = readShift(shift)
const world = readWorldFile(usualPlaces)

function complain(problem: string, code: number): void {
  console.error(problem)
  process.exitCode = code
}

const nothingRuns = 'No development world runs here: npm start brings one up.'
if (!interval) {
  complain(
    'Say how far the time of the development world moves on: npm run clock -- +31d (w, d, h, m, s, each once).',
    2,
  )
} else if (!world) {
  complain(nothingRuns, 1)
} else {
  try {
    console.log(`It is ${(await passTime(world, interval)).toUTCString()} there now.`)
  } catch (error) {
    // A world that was killed leaves its file behind.
    if (!(error instanceof DatabaseUnavailable)) throw error
    complain(nothingRuns, 1)
  }
}
