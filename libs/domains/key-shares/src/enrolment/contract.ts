import { allOf, endpoint, optional } from '@strongroom/http/contract'
import { accessToken } from '@strongroom/proofs/contract'
import { z } from 'zod'
import { coded } from '../code-table.ts'
import { signatureRefusals } from '../devices/contract.ts'
import { DeviceKey, DeviceSignature } from '../devices/device-key.ts'
import {
  FACE_BODY_LIMIT,
  faceFields,
  faceRefusals,
  faceScan,
  isWholeScan,
  optionalFaceFields,
  wholeScan,
} from '../faces/contract.ts'
import { Timestamp, userRefusals } from '../users/contract.ts'

export const foreignDevice = coded('foreign-device')
export const tooManyDevices = coded('too-many-devices')
export const faceNeeded = coded('face-needed')
export const faceRegistered = coded('face-registered')

export const registerDevice = endpoint({
  method: 'POST',
  path: '/auth/devices/register',
  summary: 'Register the device that answers its challenge; with a registered face, by that face as well.',
  proof: allOf({ access: accessToken, face: optional(faceScan) }),
  body: z
    .object({
      device_id: DeviceKey,
      signature: DeviceSignature,
      device_name: z
        .string()
        .min(1)
        .max(64)
        .refine((text) => text.isWellFormed())
        .optional(),
      ...optionalFaceFields,
    })
    .refine(isWholeScan, wholeScan),
  bodyLimit: FACE_BODY_LIMIT,
  reply: {
    201: z.object({ success: z.literal(true), message: z.literal('Device registered successfully') }),
    200: z.object({ success: z.literal(true), message: z.literal('Device already registered') }),
  },
  refusals: [...userRefusals, ...signatureRefusals, foreignDevice, tooManyDevices, faceNeeded, ...faceRefusals],
})

export const registerFace = endpoint({
  method: 'POST',
  path: '/auth/face/register',
  summary: 'Register the user’s face, once; where the user has devices, signed for by one of them.',
  proof: allOf({ access: accessToken, face: faceScan }),
  body: z.object({ ...faceFields, device_id: DeviceKey.optional(), signature: DeviceSignature.optional() }),
  bodyLimit: FACE_BODY_LIMIT,
  reply: {
    201: z.object({
      success: z.literal(true),
      message: z.literal('Face registered successfully'),
      registered_at: Timestamp,
      scan_result_blob: z.string().optional(),
    }),
  },
  refusals: [...userRefusals, ...signatureRefusals, faceRegistered, ...faceRefusals],
})
