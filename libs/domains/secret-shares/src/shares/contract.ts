import { allOf, endpoint, optional, refusal } from '@strongroom/http/contract'
import { didPresentation, loginFields, loginToken } from '@strongroom/proofs/contract'
import { z } from 'zod'
import {
  callerRefusals,
  ContactMethod,
  Done,
  KeyProvider,
  SecurityLevel,
  tooManyRequests,
  Version,
} from '../accounts/contract.ts'

const LONGEST_PART = 8192
const part = z.string().max(LONGEST_PART)

/** A share as the client encrypted it, or in hex where the client leaves that to us. Kept and given back unchanged. */
export const AuthShare = z
  .object({ encryptedData: part.min(1), encryptedDek: part, iv: part })
  .meta({ description: 'The auth share: opaque to the server, given back unchanged.' })
export type AuthShare = z.output<typeof AuthShare>

export const RecoveryType = z.enum(['passkey', 'backup', 'phrase', 'email'])

const Record = z
  .object({
    exists: z.literal(true),
    authShare: AuthShare.nullable(),
    primaryDid: z.string(),
    securityLevel: SecurityLevel,
    recoveryMethods: z.array(
      z.object({
        type: RecoveryType,
        createdAt: z.string(),
        credentialId: z.string().optional(),
        shareVersion: z.int().optional(),
      }),
    ),
    keyProvider: KeyProvider,
    shareVersion: z.int().meta({ description: 'The current version, whichever was asked for.' }),
    maskedRecoveryEmail: z.string().nullable(),
  })
  .nullable()

export const shareConflict = refusal({
  kind: 'share-conflict',
  status: 409,
  title: 'The share was changed meanwhile.',
})

export const getAuthShare = endpoint({
  method: 'POST',
  path: '/api/keys/auth-share',
  name: 'keys.getAuthShare',
  summary:
    'Release the auth share to its login: the current version, or an earlier one by number; `null` without a record.',
  proof: allOf({ login: loginToken, did: optional(didPresentation) }),
  body: z.object({ ...loginFields, shareVersion: Version.optional(), contactMethod: ContactMethod.optional() }),
  bodyLimit: 65_536,
  reply: { 200: Record },
  refusals: [...callerRefusals],
})

export const putAuthShare = endpoint({
  method: 'PUT',
  path: '/api/keys/auth-share',
  name: 'keys.storeAuthShare',
  summary: 'Store the auth share as the next version; the five before it stay available.',
  proof: allOf({ login: loginToken, did: didPresentation }),
  body: z.object({
    ...loginFields,
    authShare: AuthShare,
    primaryDid: z
      .string()
      .max(LONGEST_PART)
      .optional()
      .meta({ description: 'Ignored: the presentation’s DID counts.' }),
    securityLevel: SecurityLevel.optional(),
    keyProvider: KeyProvider.optional(),
    expectedShareVersion: z
      .union([z.literal(0), Version])
      .optional()
      .meta({ description: 'Stores only while this is the current version; 0 while there is no record.' }),
    contactMethod: ContactMethod.optional(),
  }),
  bodyLimit: 65_536,
  reply: { 200: Done.extend({ shareVersion: z.int() }) },
  refusals: [...callerRefusals, shareConflict, tooManyRequests],
})

export const markMigrated = endpoint({
  method: 'POST',
  path: '/api/keys/migrate',
  name: 'keys.markMigrated',
  summary: 'Note that the wallet’s key no longer lies with its earlier provider.',
  proof: allOf({ login: loginToken, did: optional(didPresentation) }),
  body: z.object({ ...loginFields, contactMethod: ContactMethod.optional() }),
  bodyLimit: 32_768,
  reply: { 200: Done },
  refusals: [...callerRefusals],
})
