import { parseArgs } from 'node:util'
import { requestScan, type ScanRequest } from '@strongroom/face-stub'
import { usualPlaces } from './places.ts'
import { readWorldFile } from './world-file.ts'

const usage = 'Say whose face: npm run --silent scan -- --person ann. There is --not-live.'
const nothingRuns = 'No development world runs here: npm start brings one up.'
const noFaces = 'This development world knows no faces, because none of its apps needs to.'

/** Whom the command line names, or nothing where it cannot be made sense of. */
function readRequest(args: string[]): ScanRequest | undefined {
  const options = { person: { type: 'string' }, 'not-live': { type: 'boolean', default: false } } as const
  try {
    const { person, 'not-live': notLive } = parseArgs({ args, options }).values
    return person ? { person, live: !notLive } : undefined
  } catch {
    return undefined
  }
}

function complain(problem: string, code: number): void {
  console.error(problem)
  process.exitCode = code
}

const request = readRequest(process.argv.slice(2))
const world = readWorldFile(usualPlaces)
if (!request) {
  complain(usage, 2)
} else if (!world?.faces) {
  complain(world ? noFaces : nothingRuns, 1)
} else {
  try {
    const { faceScan, auditTrailImage, lowQualityAuditTrailImage } = await requestScan(world.faces, request)
    // Named as in the body of a request to the app.
    const fields = {
      face_scan: faceScan,
      audit_trail_image: auditTrailImage,
      low_quality_audit_trail_image: lowQualityAuditTrailImage,
    }
    console.log(JSON.stringify(fields))
  } catch (error) {
    // A world that was killed leaves its file behind: nobody listens there, and `fetch` says so with a TypeError.
    complain(error instanceof TypeError ? nothingRuns : String(error), 1)
  }
}
