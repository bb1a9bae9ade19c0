import type { Secret } from '@strongroom/crypto'
import { invalidInput, prover } from '@strongroom/http'
import { faceScan } from './contract.ts'

interface Fields {
  readonly face_scan?: Secret
  readonly audit_trail_image?: Secret
  readonly low_quality_audit_trail_image?: Secret
  readonly user_agent?: string
}

/** Gathers the fields of a body that its endpoint has judged. */
export const proveFaceScan = prover()(faceScan, ({ input }) => {
  const { face_scan, audit_trail_image, low_quality_audit_trail_image, user_agent } = input.body as Fields
  if (!face_scan || !audit_trail_image || !low_quality_audit_trail_image)
    return invalidInput({ field: 'body face_scan' })
  return {
    faceScan: face_scan,
    auditTrailImage: audit_trail_image,
    lowQualityAuditTrailImage: low_quality_audit_trail_image,
    userAgent: user_agent,
  }
})
