import { z } from 'zod'
import { type FaceOutcome, FaceServiceUnavailable } from './face-matcher.ts'

/** What was asked; a level is demanded of a match alone. */
export interface Question {
  readonly asked: 'enrolment' | 'match'
  readonly ref: string
  /** FaceTec's scale, where 15 is the surest. */
  readonly minMatchLevel: number
}

/** What the stub of the development world calls itself in `serverInfo.type`. */
export const STUB_SERVER_TYPE = 'strongroom-stub'

const identified = z.object({ serverInfo: z.object({ type: z.string().optional() }).optional() })
const failed = z.object({ error: z.literal(true), errorMessage: z.string().catch('') })
const processed = z.object({
  error: z.literal(false),
  success: z.boolean(),
  wasProcessed: z.boolean().optional(),
  faceScanSecurityChecks: z.object({
    replayCheckSucceeded: z.boolean(),
    sessionTokenCheckSucceeded: z.boolean(),
    auditTrailVerificationCheckSucceeded: z.boolean(),
    faceScanLivenessCheckSucceeded: z.boolean(),
  }),
  externalDatabaseRefID: z.string().nullish(),
  matchLevel: z.unknown().optional(),
  scanResultBlob: z.string().nullish(),
})
const level = z.int().min(0)
const session = z.object({
  error: z.literal(false).optional(),
  success: z.literal(true),
  sessionToken: z.string().regex(/^[\x21-\x7e]{1,16384}$/),
})
const status = z.object({ error: z.literal(false).optional(), success: z.literal(true), running: z.literal(true) })

const alreadyEnrolled = /^an enrollment already exists\b/i
const notEnrolled = /^(an enrollment does not exist|no entry found in the database)\b/i

/**
 * What FaceTec Server 9.x means by a JSON answer that came with 200. Only an answer that says yes in every way passes, and one
 * that lacks a field or holds something else there decides nothing.
 * @throws FaceServiceUnavailable where nothing was decided.
 */
export function judgeAnswer(answer: unknown, question: Question): FaceOutcome {
  const failure = failed.safeParse(answer)
  if (failure.success) return judgeFailure(failure.data.errorMessage, question)
  const { success, faceScanSecurityChecks: checks, ...rest } = read(processed, answer)
  checkReference(rest.externalDatabaseRefID, question)
  if (!checks.replayCheckSucceeded || !checks.sessionTokenCheckSucceeded) return { outcome: 'replayed' }
  if (!checks.faceScanLivenessCheckSucceeded || !checks.auditTrailVerificationCheckSucceeded)
    return { outcome: 'not-live' }
  if (!success) return { outcome: 'no-match' }
  // It succeeded without having looked: which of the two is true nobody can tell.
  if (rest.wasProcessed === false) throw undecided('answer-unprocessed')
  if (question.asked === 'match' && read(level, rest.matchLevel) < question.minMatchLevel)
    return { outcome: 'no-match' }
  return { outcome: 'passed', ...(rest.scanResultBlob != null && { scanResultBlob: rest.scanResultBlob }) }
}

/** @throws FaceServiceUnavailable */
export const readSessionToken = (answer: unknown): string => read(session, answer).sessionToken

/** @throws FaceServiceUnavailable where the server does not say that it runs. */
export const checkStatus = (answer: unknown): void => void read(status, answer)

/** The stub passes whoever says who they are: a production that reaches one has no faces. @throws FaceServiceUnavailable */
export function refuseStub(answer: unknown): void {
  if (read(identified, answer).serverInfo?.type === STUB_SERVER_TYPE) throw undecided('stub-refused')
}

/** FaceTec reports errors with 200. Its text may repeat what it was sent: it is compared, and kept nowhere. */
function judgeFailure(text: string, { asked }: Question): FaceOutcome {
  if (asked === 'enrolment' && alreadyEnrolled.test(text)) return { outcome: 'already-enrolled' }
  if (asked === 'match' && notEnrolled.test(text)) return { outcome: 'not-enrolled' }
  throw undecided('answer-error')
}

/** An answer about another reference is another person's, whoever mixed them up on the way. */
function checkReference(answered: string | null | undefined, { ref }: Question): void {
  if (answered != null && answered.toLowerCase() !== ref) throw undecided('answer-reference')
}

function read<Schema extends z.ZodType>(schema: Schema, answer: unknown): z.output<Schema> {
  const found = schema.safeParse(answer)
  if (!found.success) throw undecided('answer-shape')
  return found.data
}

const undecided = (code: string) => new FaceServiceUnavailable({ reason: 'unavailable', code })
