import { z } from 'zod'
import type { Faces } from './faces.ts'
import { encode, readFaceMap, shows } from './scan.ts'

const scan = z.object({
  faceScan: z.string(),
  auditTrailImage: z.string(),
  lowQualityAuditTrailImage: z.string(),
})
const scanOfRef = scan.extend({ externalDatabaseRefID: z.string().min(1) })

type Scan = z.output<typeof scan>

/** FaceTec reports what is wrong with a question in an answer of 200. */
class Failed extends Error {}

const exists = 'An enrollment already exists for this externalDatabaseRefID.'
const none = 'An enrollment does not exist for this externalDatabaseRefID.'
const noEntry = 'No entry found in the database for this externalDatabaseRefID.'

/** 15 is the surest of FaceTec's levels. */
const SAME = 15
const ANOTHER = 2

type Answer = (faces: Faces, body: unknown) => object

const answers: Readonly<Record<string, Answer>> = {
  'GET /status': () => ({ running: true }),
  'GET /session-token': (faces) => ({ sessionToken: faces.openSession() }),
  'POST /liveness-3d': (faces, body) => processed(look(faces, read(scan, body))),
  'POST /enrollment-3d'(faces, body) {
    const { externalDatabaseRefID: ref, ...rest } = read(scanOfRef, body)
    if (faces.personAt(ref) !== undefined) throw new Failed(exists)
    const seen = look(faces, rest)
    if (seen.passed) faces.keep(ref, seen.person)
    return processed(seen, { externalDatabaseRefID: ref, isLikelyDuplicate: false, isLikelyOnFraudList: false })
  },
  'POST /match-3d-3d': match,
  'POST /match-3d': match,
}

function match(faces: Faces, body: unknown): object {
  const { externalDatabaseRefID: ref, ...rest } = read(scanOfRef, body)
  const enrolled = faces.personAt(ref)
  if (enrolled === undefined) throw new Failed(none)
  const seen = look(faces, rest)
  const isSame = seen.person === enrolled
  const matchLevel = isSame ? SAME : ANOTHER
  return processed({ ...seen, passed: seen.passed && isSame }, { externalDatabaseRefID: ref, matchLevel })
}

const oneEnrolment = /^(GET|DELETE) \/enrollment-3d\/([^/]+)$/

/** What the server of FaceTec would say; nothing where it has no such route. */
export function answer(faces: Faces, route: string, body: unknown): object | undefined {
  const [, method, ref = ''] = oneEnrolment.exec(route) ?? []
  const known = method ? () => answerOne(faces, method, decodeURIComponent(ref)) : answers[route]
  if (!known) return undefined
  try {
    return { success: true, error: false, ...known(faces, body) }
  } catch (error) {
    if (!(error instanceof Failed)) throw error
    return { success: false, wasProcessed: false, error: true, errorMessage: error.message }
  }
}

function answerOne(faces: Faces, method: string, ref: string): object {
  const person = faces.personAt(ref)
  if (person === undefined) throw new Failed(noEntry)
  if (method === 'DELETE') {
    faces.forget(ref)
    return {}
  }
  return { externalDatabaseRefID: ref, faceMapBase64: encode({ person }), auditTrailBase64: encode({ person }) }
}

interface Seen {
  readonly person: string
  readonly passed: boolean
  readonly faceScanSecurityChecks: Readonly<Record<string, boolean>>
}

/** Looking spends the scan and its session, whatever is seen. */
function look(faces: Faces, { faceScan, auditTrailImage, lowQualityAuditTrailImage }: Scan): Seen {
  const map = readFaceMap(faceScan)
  if (!map) throw new Failed('The faceScan is none that this stub can read.')
  const { person, session, live } = map
  const faceScanSecurityChecks = {
    replayCheckSucceeded: faces.isFirst(faceScan),
    sessionTokenCheckSucceeded: faces.closeSession(session),
    auditTrailVerificationCheckSucceeded: [auditTrailImage, lowQualityAuditTrailImage].every((one) =>
      shows(one, person),
    ),
    faceScanLivenessCheckSucceeded: live,
  }
  return { person, faceScanSecurityChecks, passed: Object.values(faceScanSecurityChecks).every(Boolean) }
}

const processed = ({ passed, faceScanSecurityChecks }: Seen, more: object = {}) => ({
  success: passed,
  wasProcessed: true,
  faceScanSecurityChecks,
  ageV2GroupEnumInt: 3,
  retryScreenEnumInt: passed ? 0 : 1,
  scanResultBlob: encode({ madeBy: 'strongroom-stub', passed }),
  ...more,
})

function read<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  const found = schema.safeParse(body)
  if (!found.success) {
    const fields = found.error.issues.map(({ path }) => path.join('.')).join(', ')
    throw new Failed(`The request lacks ${fields || 'a body'}.`)
  }
  return found.data
}
