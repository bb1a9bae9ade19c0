import { randomUUID } from 'node:crypto'
import { z } from 'zod'

export interface ScanWish {
  /** Whose face it is: any label, such as `ann`. */
  readonly person: string
  /** A session token that was not used before. */
  readonly session: string
  /** `false` for a picture that is held before the camera; a living face where nothing is said. */
  readonly live?: boolean
  /** Makes two scans of one session differ; random where none is given. */
  readonly nonce?: string
}

/** The fields of FaceTec, each in base64. */
export interface ScanFields {
  readonly faceScan: string
  readonly auditTrailImage: string
  readonly lowQualityAuditTrailImage: string
}

const faceMap = z.object({ person: z.string().min(1), session: z.string(), live: z.boolean(), nonce: z.string() })
const picture = z.object({ person: z.string().min(1) })

export type FaceMap = z.output<typeof faceMap>

/** What FaceTec's SDK would make of a face before a camera: nothing but a label, in clear. */
export function makeScan({ person, session, live = true, nonce = randomUUID() }: ScanWish): ScanFields {
  return {
    faceScan: encode({ person, session, live, nonce }),
    auditTrailImage: encode({ person, picture: 'audit trail' }),
    lowQualityAuditTrailImage: encode({ person, picture: 'low quality audit trail' }),
  }
}

export const readFaceMap = (base64: string): FaceMap | undefined => faceMap.safeParse(decode(base64)).data

/** Whether a picture is of that person. */
export const shows = (base64: string, person: string): boolean =>
  picture.safeParse(decode(base64)).data?.person === person

export const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64')

function decode(base64: string): unknown {
  try {
    return JSON.parse(Buffer.from(base64, 'base64').toString('utf8')) as unknown
  } catch {
    return undefined
  }
}
