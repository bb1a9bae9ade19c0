import { sha256 } from '@strongroom/crypto'
import { spendGuess } from '@strongroom/guesses'
import type { Refusal } from '@strongroom/http'
import { secondsTo, type UserDeps } from '../users/caller.ts'
import { faceRefOf } from '../users/names.ts'
import type { User } from '../users/store.ts'
import {
  faceDiffers,
  faceNotLive,
  faceNotRegistered,
  faceReplayed,
  faceServiceTimeout,
  faceServiceUnavailable,
  tooManyFaces,
} from './contract.ts'
import { type FaceMatcher, type FaceOutcome, type FaceScan, FaceServiceUnavailable } from './face-matcher.ts'
import { findFace, forgetScan, rememberScan } from './store.ts'

export interface FaceDeps extends UserDeps {
  readonly faces: FaceMatcher
}

export type FaceRefusal =
  | Refusal<'face-not-registered'>
  | Refusal<'face-not-live'>
  | Refusal<'face-replayed'>
  | Refusal<'face-differs'>
  | Refusal<'too-many-faces'>
  | Refusal<'face-service-unavailable'>
  | Refusal<'face-service-timeout'>

type Ask = (ref: string) => Promise<FaceOutcome>

/** One guess that the scan is the user's own, living face. */
export async function matchFace(deps: FaceDeps, user: User, scan: FaceScan): Promise<'passed' | FaceRefusal> {
  const face = await findFace(deps.database.reading, user.id)
  if (!face?.registeredAt) return faceNotRegistered()
  const outcome = await guessFace(deps, user, { scan, ask: (ref) => deps.faces.match(ref, scan) })
  return 'kind' in outcome ? outcome : 'passed'
}

/**
 * Charged before the scan is looked at; the scan is used up before it is judged, and is nobody's any more. Only a face
 * service that cannot have judged it gives both back.
 */
export async function guessFace(
  { database, hsm, policies }: FaceDeps,
  user: User,
  { scan, ask }: { scan: FaceScan; ask: Ask },
): Promise<Extract<FaceOutcome, { outcome: 'passed' }> | FaceRefusal> {
  hsm.assertAvailable()
  const digest = sha256(scan.faceScan.expose())
  let failed: FaceOutcome['outcome'] = 'replayed'
  let unanswered: FaceServiceUnavailable | undefined
  const look = async () => {
    const ref = await faceRefOf(hsm, user)
    if (!(await rememberScan(database, digest))) return undefined
    try {
      const outcome = await ask(ref)
      if (outcome.outcome === 'passed') return outcome
      failed = outcome.outcome
    } catch (error) {
      if (!(error instanceof FaceServiceUnavailable)) throw error
      unanswered = error
      if (provesNothing(error)) return undefined
      await forgetScan(database, digest)
      throw error
    }
    return undefined
  }
  try {
    const attempt = { subject: user.id, purpose: 'face' }
    const guessed = await spendGuess({ database, budget: policies.faces, attempt }, look)
    if (guessed.outcome === 'exhausted') return tooManyFaces({ retryAfter: secondsTo(guessed.until) })
    if (guessed.outcome === 'right') return guessed.found
    return unanswered ? refuseUnanswered(unanswered) : refusals[failed]()
  } catch (error) {
    if (error instanceof FaceServiceUnavailable) return refuseUnanswered(error)
    throw error
  }
}

/** The service had the scan and may have judged it: else whoever makes it stumble would guess for nothing. */
const provesNothing = ({ reason, code }: FaceServiceUnavailable): boolean =>
  reason === 'timeout' || code.startsWith('answer-')

const refuseUnanswered = ({ reason }: FaceServiceUnavailable) =>
  reason === 'timeout' ? faceServiceTimeout() : faceServiceUnavailable()

const refusals = {
  passed: faceDiffers,
  'not-live': faceNotLive,
  replayed: faceReplayed,
  'no-match': faceDiffers,
  'not-enrolled': faceNotRegistered,
  // Somebody enrolled under the reference meanwhile: the next scan is matched with that face.
  'already-enrolled': faceReplayed,
} as const
