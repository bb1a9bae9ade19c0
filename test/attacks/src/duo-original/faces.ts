import { DuoRefusal, type DuoParts, type Fields, textOf } from './parts.ts'

const attempts = 5
const window = 15 * 60_000

/** Counted as the shape counts: read, asked, then written. What reads meanwhile reads the old number. */
export async function matchFace({ database, facesUrl, now }: DuoParts, subject: string, fields: Fields): Promise<void> {
  const face = await database.faces.get(subject)
  if (!face) throw new DuoRefusal(403, 100701, 'Face not registered')
  const isOver = now() - face.since > window
  if (!isOver && face.failures >= attempts) throw new DuoRefusal(429, 100707, 'Too many face attempts')
  if (await askFaces({ facesUrl }, '/match-3d-3d', { ref: face.ref, fields })) return
  const failures = isOver ? 1 : face.failures + 1
  await database.faces.put(subject, { ...face, failures, since: isOver ? now() : face.since })
  throw new DuoRefusal(403, 100706, 'Face does not match')
}

/** Whoever answers is believed. */
export async function askFaces(
  { facesUrl }: Pick<DuoParts, 'facesUrl'>,
  path: string,
  { ref, fields }: { ref: string; fields: Fields },
): Promise<boolean> {
  const answer = await fetch(`${facesUrl}${path}`, {
    method: 'POST',
    body: JSON.stringify({
      externalDatabaseRefID: ref,
      faceScan: textOf(fields, 'face_scan'),
      auditTrailImage: textOf(fields, 'audit_trail_image'),
      lowQualityAuditTrailImage: textOf(fields, 'low_quality_audit_trail_image'),
    }),
  })
  return ((await answer.json()) as { success: boolean }).success
}
