import type { Challenge, Device, Registered, RegisteredUser } from './answers.ts'
import { type FaceScan, fieldsOf } from './faces.ts'
import { notAnAnswer, type Transport } from './transport.ts'

/** A device's word that it has its private key: `proveDevice` makes one. */
export interface DeviceProof {
  /** The device verifying key. */
  readonly deviceId: string
  /** Over a challenge for that key, `signChallenge`. */
  readonly signature: string
}

export interface NewDevice {
  /** 1 to 64 characters. */
  readonly name?: string | undefined
  /** Where the user has registered a face. */
  readonly face?: FaceScan | undefined
}

export const devicesApi = ({ send }: Transport) => ({
  /** Of the access token's subject. */
  registerUser: async ({ displayName }: { readonly displayName?: string } = {}): Promise<RegisteredUser> => {
    const { status, answer } = await send<{ userId: string }>({
      method: 'POST',
      path: '/auth/users/register',
      body: { displayName },
      fields: { userId: 'string' },
    })
    return { outcome: outcomeOf(status), userId: answer.userId }
  },

  /** A new one; the one before it is good no more. */
  getChallenge: async (deviceVerifyingKey: string): Promise<Challenge> => {
    const { answer } = await send<Challenge>({
      method: 'GET',
      path: `/auth/devices/challenge/${encodeURIComponent(deviceVerifyingKey)}`,
      fields: { challenge: 'string', ttlSeconds: 'number' },
    })
    return answer
  },

  /** Where a face is demanded and missing, `faceVerificationRequired` leaves the challenge as good as it was. */
  registerDevice: async ({ deviceId, signature }: DeviceProof, { name, face }: NewDevice = {}): Promise<Registered> => {
    const { status } = await send<{ success: boolean }>({
      method: 'POST',
      path: '/auth/devices/register',
      body: { deviceId, signature, deviceName: name, ...(face && fieldsOf(face)) },
      fields: { success: 'boolean' },
    })
    return { outcome: outcomeOf(status) }
  },

  /** Newest first, revoked ones among them. */
  listDevices: async (): Promise<readonly Device[]> => {
    const { answer } = await send<{ devices: readonly Device[] }>({
      method: 'GET',
      path: '/v2/devices',
      fields: { devices: 'array' },
    })
    return answer.devices
  },

  /** For good: a lost device registers again with a new key. */
  revokeDevice: async (deviceVerifyingKey: string): Promise<void> => {
    await send<object>({ method: 'DELETE', path: `/v2/devices/${encodeURIComponent(deviceVerifyingKey)}`, fields: {} })
  },
})

const outcomes = { 201: 'registered', 200: 'already-registered' } as const

function outcomeOf(status: number): Registered['outcome'] {
  if (status === 200 || status === 201) return outcomes[status]
  throw notAnAnswer()
}
