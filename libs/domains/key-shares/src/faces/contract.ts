import { fromBase64, Secret } from '@strongroom/crypto'
import { endpoint, type Proof } from '@strongroom/http/contract'
import { accessToken } from '@strongroom/proofs/contract'
import { z } from 'zod'
import { coded, codedWithWait } from '../code-table.ts'
import { Timestamp, userRefusals } from '../users/contract.ts'
import type { FaceScan } from './face-matcher.ts'

export const faceNotRegistered = coded('face-not-registered')
export const faceNotLive = coded('face-not-live')
export const faceReplayed = coded('face-replayed')
export const faceDiffers = coded('face-differs')
export const tooManyFaces = codedWithWait('too-many-faces')
export const faceServiceUnavailable = coded('face-service-unavailable')
export const faceServiceTimeout = coded('face-service-timeout')

const MIB = 1_048_576
export const FACE_BODY_LIMIT = 8 * MIB

/** RFC 4648 section 4, canonical. A pattern with groups would take a stack as deep as a scan is long. */
export function isBase64(text: string): boolean {
  if (text.length % 4 !== 0 || /[^A-Za-z0-9+/]/.test(text.replace(/={1,2}$/, ''))) return false
  try {
    return fromBase64(text.slice(-4)).length > 0
  } catch {
    return false
  }
}

const image = z
  .string()
  .min(4)
  .refine(isBase64)
  .transform((text) => new Secret(text))
  .meta({ contentEncoding: 'base64' })

/** The four fields of a scan, as FaceTec's SDK 9.x gives them. */
export const faceFields = {
  face_scan: image,
  audit_trail_image: image,
  low_quality_audit_trail_image: image,
  user_agent: z
    .string()
    .max(1024)
    .regex(/^[\x20-\x7e]*$/)
    .optional(),
}

/** The same where a scan may be left out, as a whole. */
export const optionalFaceFields = {
  face_scan: image.optional(),
  audit_trail_image: image.optional(),
  low_quality_audit_trail_image: image.optional(),
  user_agent: faceFields.user_agent,
}

/** For a body with `optionalFaceFields`: half a scan is none. */
export const isWholeScan = (body: {
  [K in 'face_scan' | 'audit_trail_image' | 'low_quality_audit_trail_image']?: Secret | undefined
}) =>
  (body.face_scan === undefined) === (body.audit_trail_image === undefined) &&
  (body.face_scan === undefined) === (body.low_quality_audit_trail_image === undefined)
export const wholeScan = { path: ['face_scan'], message: 'a face scan is all of its fields or none' }

/**
 * Step-up by a living face, which the body carries. Reading it spends nothing: the handler has it matched, at the price
 * of a guess, once it knows whose face it should be.
 */
export const faceScan: Proof<FaceScan> = { name: 'faceScan', reads: { field: 'face_scan' }, refusals: [] }

/** What matching a face may be refused with. */
export const faceRefusals = [
  faceNotRegistered,
  faceNotLive,
  faceReplayed,
  faceDiffers,
  tooManyFaces,
  faceServiceUnavailable,
  faceServiceTimeout,
] as const

export const getFace = endpoint({
  method: 'GET',
  path: '/v2/face',
  summary: 'Whether a face is registered, and since when.',
  proof: accessToken,
  reply: { 200: z.object({ registered: z.boolean(), registered_at: Timestamp.nullable() }) },
  refusals: [...userRefusals],
})

export const getSessionToken = endpoint({
  method: 'GET',
  path: '/auth/face/session-token',
  summary: 'A session token of the face service, which the SDK on the device needs before it scans.',
  proof: accessToken,
  headers: z.object({ 'x-user-agent': faceFields.user_agent }),
  reply: { 200: z.object({ session_token: z.string() }) },
  refusals: [...userRefusals, faceServiceUnavailable, faceServiceTimeout],
})
