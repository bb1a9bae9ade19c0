import { createHmac, timingSafeEqual } from 'node:crypto'
import { badArgument, denied, Refused } from './refused.ts'

/** Whoever holds the key may do anything with the one bucket. */
export interface StoreAccess {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly region: string
  readonly bucket: string
}

export const ALGORITHM = 'AWS4-HMAC-SHA256'

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()

export interface Scope {
  /** `20260115`. */
  readonly day: string
  readonly region: string
}

export const scopeText = ({ day, region }: Scope): string => `${day}/${region}/s3/aws4_request`

/** AWS Signature Version 4: the signature, in hex, that the key of a day and a region makes of a text. */
export function signText(secretAccessKey: string, { day, region }: Scope, text: string): string {
  const key = ['s3', 'aws4_request'].reduce(hmac, hmac(hmac(`AWS4${secretAccessKey}`, day), region))
  return hmac(key, text).toString('hex')
}

export function isSame(given: string, right: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(right)]
  return one.length === other.length && timingSafeEqual(one, other)
}

/** `20260115T103000Z`. */
export function readTime(text: string): Date | undefined {
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text)?.slice(1)
  if (!parts) return undefined
  const [year, month, day, hour, minute, second] = parts
  const time = new Date(`${year ?? ''}-${month ?? ''}-${day ?? ''}T${hour ?? ''}:${minute ?? ''}:${second ?? ''}Z`)
  return Number.isNaN(time.getTime()) ? undefined : time
}

export interface Claim {
  readonly algorithm: string | undefined
  readonly credential: string | undefined
  readonly date: string | undefined
}

export interface Signer {
  readonly scope: Scope
  readonly signedAt: Date
}

/** Who says to have signed, when, and for what; what it signed is not compared yet. */
export function readSigner({ algorithm, credential, date }: Claim, access: StoreAccess): Signer | Refused {
  if (algorithm !== ALGORITHM) return badArgument(`X-Amz-Algorithm must be ${ALGORITHM}.`)
  const [accessKeyId, day = '', region = '', service, terminal, ...more] = (credential ?? '').split('/')
  if (service !== 's3' || terminal !== 'aws4_request' || more.length > 0)
    return badArgument('X-Amz-Credential must be <access key id>/<day>/<region>/s3/aws4_request.')
  if (accessKeyId !== access.accessKeyId)
    return new Refused(403, 'InvalidAccessKeyId', 'This access key id is not known here.')
  if (region !== access.region) return badArgument(`X-Amz-Credential must be of the region ${access.region}.`)
  const signedAt = readTime(date ?? '')
  if (!signedAt) return badArgument('X-Amz-Date must be of the form 20260115T103000Z.')
  if (date?.slice(0, 8) !== day) return denied('X-Amz-Date must be on the day of X-Amz-Credential.')
  return { scope: { day, region }, signedAt }
}
