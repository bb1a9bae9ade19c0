import { parseArgs } from 'node:util'
import { requestScan, type ScanRequest } from '@strongroom/face-stub'
import { askWorld } from './ask-world.ts'

const usage = 'Say whose face: npm run --silent scan -- --person ann. There is --not-live.'
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

/** Named as in the body of a request to the app. */
async function askForScan(url: string, request: ScanRequest): Promise<string> {
  const { faceScan, auditTrailImage, lowQualityAuditTrailImage } = await requestScan(url, request)
  const fields = {
    face_scan: faceScan,
    audit_trail_image: auditTrailImage,
    low_quality_audit_trail_image: lowQualityAuditTrailImage,
  }
  return JSON.stringify(fields)
}

await askWorld(
  readRequest(process.argv.slice(2)),
  { usage, lacking: noFaces },
  { of: ({ faces }) => faces, ask: askForScan },
)
