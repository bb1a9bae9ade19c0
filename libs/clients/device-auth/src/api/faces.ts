import type { FaceStatus, RegisteredFace } from './answers.ts'
import type { DeviceProof } from './devices.ts'
import type { Transport } from './transport.ts'

/** What the FaceTec SDK 9.x gives for one session. Good once. */
export interface FaceScan {
  /** Base64, as the two after it. */
  readonly faceScan: string
  readonly auditTrailImage: string
  readonly lowQualityAuditTrailImage: string
  /** The SDK's own, made for this session. */
  readonly userAgent: string
}

export const facesApi = ({ send }: Transport) => ({
  /** For good: there is no other face later. `proof` is demanded where the user has a device, and is of that device. */
  registerFace: async (face: FaceScan, proof?: DeviceProof): Promise<RegisteredFace> => {
    const { answer } = await send<RegisteredFace>({
      method: 'POST',
      path: '/auth/face/register',
      body: { ...fieldsOf(face), ...proof },
      fields: { registeredAt: 'string' },
    })
    return answer
  },

  /** Whether a new device, or a backup, will be asked for one. */
  getFace: async (): Promise<FaceStatus> => {
    const { answer } = await send<FaceStatus>({ method: 'GET', path: '/v2/face', fields: { registered: 'boolean' } })
    return answer
  },

  /** What the FaceTec SDK wants before it scans. `userAgent` is that SDK's: some FaceTec servers want it here as well. */
  faceSessionToken: async (userAgent?: string): Promise<string> => {
    const { answer } = await send<{ sessionToken: string }>({
      method: 'GET',
      path: '/auth/face/session-token',
      headers: userAgent === undefined ? {} : { 'x-user-agent': userAgent },
      fields: { sessionToken: 'string' },
    })
    return answer.sessionToken
  },
})

/** These four and no more: an SDK's own result object holds others. */
export const fieldsOf = ({ faceScan, auditTrailImage, lowQualityAuditTrailImage, userAgent }: FaceScan) => ({
  faceScan,
  auditTrailImage,
  lowQualityAuditTrailImage,
  userAgent,
})
