import { passTime, readShift } from './clock.ts'
import { usualPlaces } from './places.ts'
import { readWorldFile } from './world-file.ts'

const [shift = ''] = process.argv.slice(2)
const interval = readShift(shift)
const world = readWorldFile(usualPlaces)
if (!interval) {
  console.error('Say how far the time of the development world moves on: npm run clock -- +31d (w, d, h, m, s).')
  process.exitCode = 2
} else if (!world) {
  console.error('No development world runs here: npm start brings one up.')
  process.exitCode = 1
} else {
  console.log(`It is ${(await passTime(world, interval)).toUTCString()} there now.`)
}
