import { allOf, endpoint } from '@strongroom/http/contract'
import { accessToken } from '@strongroom/proofs/contract'
import { z } from 'zod'
import { coded, ItemError } from '../code-table.ts'
import { FACE_BODY_LIMIT, faceFields, faceNotRegistered, faceRefusals, faceScan, isBase64 } from '../faces/contract.ts'
import { Timestamp, userRefusals } from '../users/contract.ts'

const MIB = 1_048_576
export const BACKUP_BODY_LIMIT = 32 * MIB
/** Of a key share, once decoded. */
export const LARGEST_SHARE = MIB
export const MOST_SHARES = 20

export const KeyId = z
  .string()
  .regex(/^[\w.:-]{1,128}$/)
  .meta({ description: 'A key’s id, as the MPC node named it.' })

const decodedLength = (text: string): number => (text.length / 4) * 3 - (/=*$/.exec(text)?.[0].length ?? 0)

/** One key share, encrypted by the client: strict base64 of 1 byte to 1 MiB. */
export const EncryptedShare = z
  .string()
  .min(4)
  .max(Math.ceil(LARGEST_SHARE / 3) * 4)
  .refine((text) => isBase64(text) && decodedLength(text) <= LARGEST_SHARE)
  .meta({ contentEncoding: 'base64' })

export const SharedItem = z.object({ key_id: KeyId, encrypted_keyshare: EncryptedShare })

export const keyNotFound = coded('key-not-found')
export const noBackup = coded('no-backup')

export const listKeys = endpoint({
  method: 'GET',
  path: '/v2/keys',
  summary: 'The user’s keys, and when each was backed up.',
  proof: accessToken,
  reply: {
    200: z.object({
      keys: z.array(
        z.object({
          key_id: z.string(),
          created_at: Timestamp,
          backup: z.object({ created_at: Timestamp }).optional(),
        }),
      ),
    }),
  },
  refusals: [...userRefusals],
})

const Saved = z.object({ key_id: z.string(), created_at: Timestamp })

/** The body is read as it arrives: its shape stands here for documents and clients. */
export const BackupBody = z.object({ keyshares: z.array(SharedItem).min(1).max(MOST_SHARES) })

export const backUpShares = endpoint({
  method: 'POST',
  path: '/v2/keyshare/backup',
  summary: 'Save encrypted key shares, at most 20 of 1 MiB. The version before is kept for thirty days.',
  proof: accessToken,
  bodyStream: true,
  bodyLimit: BACKUP_BODY_LIMIT,
  reply: {
    200: z.object({
      success: z.literal(true),
      message: z.literal('Keyshares saved successfully'),
      keyshares: z.array(Saved),
    }),
    207: z.object({
      success: z.literal(false),
      message: z.literal('Some keyshares could not be saved'),
      keyshares: z.array(z.union([Saved, ItemError.extend({ key_id: z.string() })])),
    }),
  },
  refusals: [...userRefusals, faceNotRegistered],
})

export const recoverShares = endpoint({
  method: 'POST',
  path: '/v2/keyshare/recover',
  summary: 'Give encrypted key shares back to their owner’s face.',
  proof: allOf({ access: accessToken, face: faceScan }),
  body: z.object({
    key_ids: z.array(KeyId).min(1).max(MOST_SHARES),
    ...faceFields,
  }),
  bodyLimit: FACE_BODY_LIMIT,
  reply: {
    200: z.object({
      success: z.literal(true),
      keyshares: z.array(z.object({ key_id: z.string(), encrypted_keyshare: z.string() })),
    }),
    207: z.object({
      success: z.literal(false),
      message: z.literal('Some keyshares could not be recovered'),
      keyshares: z.array(
        z.union([
          z.object({ key_id: z.string(), encrypted_keyshare: z.string() }),
          ItemError.extend({ key_id: z.string() }),
        ]),
      ),
    }),
  },
  refusals: [...userRefusals, noBackup, ...faceRefusals],
})
