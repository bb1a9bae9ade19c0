import { refusal } from '@strongroom/http/contract'
import { z } from 'zod'

/**
 * Every refusal of this API: its code on the wire, its HTTP status, its message. Source: 100101, 100301 and 100702 are the
 * original's; the others are ours, on its plan of family and number.
 */
export const codes = {
  'access-token-missing': [100101, 401, 'Missing or malformed access token'],
  'access-token-expired': [100102, 401, 'Access token expired'],
  'access-token-invalid': [100103, 401, 'Access token invalid'],
  'scope-missing': [100104, 403, 'Insufficient scope'],
  'user-not-registered': [100201, 404, 'User not registered'],
  'user-disabled': [100202, 403, 'User disabled'],
  'no-backup': [100301, 404, 'No backup data found for this wallet'],
  'bad-keyshare': [100302, 400, 'Invalid encrypted keyshare'],
  'backup-overtaken': [100303, 409, 'Backup changed concurrently'],
  'foreign-device': [100401, 409, 'Device registered to another user'],
  'device-not-registered': [100402, 404, 'Device not registered'],
  'bad-device-key': [100403, 400, 'Invalid device verifying key'],
  'too-many-devices': [100404, 409, 'Device limit reached'],
  'wrong-signature': [100501, 401, 'Invalid device signature'],
  'no-challenge': [100502, 400, 'Challenge not found or already used'],
  'challenge-expired': [100503, 400, 'Challenge expired'],
  'bad-signature-form': [100504, 400, 'Signature is not hex DER'],
  'key-not-found': [100601, 404, 'Key not found'],
  'foreign-key': [100602, 403, 'Key belongs to another user'],
  'face-not-registered': [100701, 403, 'Face not registered'],
  'face-needed': [100702, 403, 'Face verification required'],
  'face-registered': [100703, 409, 'Face already registered'],
  'face-not-live': [100704, 403, 'Face liveness check failed'],
  'face-replayed': [100705, 403, 'Face scan replayed or session invalid'],
  'face-differs': [100706, 403, 'Face does not match'],
  'too-many-faces': [100707, 429, 'Too many face attempts'],
  'bad-face-fields': [100708, 400, 'Invalid or incomplete face fields'],
  'invalid-input': [100801, 400, 'Request validation failed'],
  'unknown-route': [100802, 404, 'Route not found'],
  'wrong-method': [100803, 405, 'Method not allowed'],
  'body-too-large': [100803, 413, 'Request body too large'],
  'unsupported-media-type': [100803, 415, 'Media type not supported'],
  'too-many-requests': [100804, 429, 'Too many requests'],
  crashed: [100901, 500, 'Internal error'],
  unavailable: [100901, 503, 'Temporarily unavailable'],
  'issuer-unavailable': [100902, 503, 'Identity provider unavailable'],
  'face-service-unavailable': [100903, 502, 'Face service unavailable'],
  'face-service-timeout': [100903, 504, 'Face service timed out'],
} as const satisfies Readonly<Record<string, readonly [code: number, status: number, message: string]>>

export type Coded = keyof typeof codes

/** A kind of refusal of the table. */
export function coded<const Kind extends Coded>(kind: Kind) {
  const [, status, title] = codes[kind]
  return refusal({ kind, status, title })
}

/** The same, which tells when to come back: seconds, for `Retry-After`. */
export function codedWithWait<const Kind extends Coded>(kind: Kind) {
  const [, status, title] = codes[kind]
  return refusal({ kind, status, title, details: { retryAfter: z.int() } })
}

/** Fields whose bad values have a code of their own, by the end of the name that the validator gives them. */
export const fieldCodes: readonly (readonly [field: RegExp, kind: Coded])[] = [
  [/^(body device_id|params device_verifying_key)$/, 'bad-device-key'],
  [/^body signature$/, 'bad-signature-form'],
  [/^body (face_scan|audit_trail_image|low_quality_audit_trail_image|user_agent)$/, 'bad-face-fields'],
  [/^body keyshares \d+ encrypted_keyshare$/, 'bad-keyshare'],
]

/** What an item of a list is answered with. */
export const itemError = (kind: Coded) => ({ error: { code: codes[kind][0], message: codes[kind][2] } })
export const ItemError = z.object({ error: z.object({ code: z.int(), message: z.string() }) })
