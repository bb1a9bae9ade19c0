import { allOf, endpoint, optional, refusal } from '@strongroom/http/contract'
import { didPresentation, loginFields, loginToken } from '@strongroom/proofs/contract'
import { z } from 'zod'
import {
  callerRefusals,
  ContactMethod,
  contactQuery,
  Done,
  keyNotFound,
  optionalLogin,
  plainText,
  tenantHeader,
  tooManyRequests,
  Version,
} from '../accounts/contract.ts'
import { RecoveryType, shareConflict } from '../shares/contract.ts'

const LONGEST_SHARE = 16_384
const part = z.string().max(LONGEST_SHARE)

/** An object as the code has it, or a text as the documents have it; given back as it was stored. */
export const RecoveryShare = z.union([
  part.min(1),
  z.object({ encryptedData: part.min(1), iv: part, salt: part.optional() }),
])
export type RecoveryShare = z.output<typeof RecoveryShare>

const CredentialId = plainText(z.string().min(1).max(2048))
export const EmailAddress = z.email().max(254)

/** Six digits; anything else of six characters is a wrong code. */
export const Code = plainText(z.string().length(6))

export const tooManyMethods = refusal({
  kind: 'too-many-methods',
  status: 409,
  title: 'This account has as many recovery methods as it can have.',
})

export const addRecoveryMethod = endpoint({
  method: 'POST',
  path: '/api/keys/recovery',
  name: 'keys.addRecoveryMethod',
  summary: 'Add or replace a recovery method: one of each type, one passkey for each credential.',
  proof: allOf({ login: loginToken, did: didPresentation }),
  body: z.object({
    ...loginFields,
    type: RecoveryType,
    encryptedShare: RecoveryShare.optional(),
    credentialId: CredentialId.optional(),
    shareVersion: Version.optional(),
    contactMethod: ContactMethod.optional(),
  }),
  bodyLimit: 65_536,
  reply: { 200: Done },
  refusals: [...callerRefusals, keyNotFound, shareConflict, tooManyMethods, tooManyRequests],
})

export const loginNeeded = refusal({
  kind: 'login-needed',
  status: 401,
  title: 'An auth token is needed here.',
})

/** Two forms: the published client’s, with a token, and the documents’, with a contact and a credential. */
export const getRecoveryShare = endpoint({
  method: 'GET',
  path: '/api/keys/recovery',
  name: 'keys.getRecoveryShare',
  summary:
    'Release the recovery share of a type: by login token, or by contact and credential alone where that is allowed.',
  proof: allOf({ login: optional(loginToken), did: optional(didPresentation) }),
  query: z.object({ ...optionalLogin, ...contactQuery, type: RecoveryType, credentialId: CredentialId.optional() }),
  reply: {
    200: z.object({ encryptedShare: RecoveryShare.optional(), shareVersion: z.int().optional() }).nullable(),
  },
  refusals: [...callerRefusals, loginNeeded, tooManyRequests],
})

export const sameEmail = refusal({
  kind: 'same-email',
  status: 400,
  title: 'Recovery email must be different from your login email.',
})
export const mailNotSent = refusal({
  kind: 'mail-not-sent',
  status: 500,
  title: 'Failed to send verification email. Please try again.',
})

export const addRecoveryEmail = endpoint({
  method: 'POST',
  path: '/api/keys/recovery-email/add',
  name: 'keys.addRecoveryEmail',
  summary: 'Send a code of six digits to an address that will serve recovery; the newest request counts.',
  proof: allOf({ login: loginToken, did: didPresentation }),
  headers: tenantHeader,
  body: z.object({ ...loginFields, email: EmailAddress, contactMethod: ContactMethod.optional() }),
  bodyLimit: 32_768,
  reply: { 200: Done },
  refusals: [...callerRefusals, keyNotFound, sameEmail, mailNotSent, tooManyRequests],
})

export const userKeyNotFound = refusal({ kind: 'user-key-not-found', status: 404, title: 'User key not found.' })
export const nothingPending = refusal({
  kind: 'nothing-pending',
  status: 400,
  title: 'No pending verification. Please request a new code.',
})
export const wrongCode = refusal({ kind: 'wrong-code', status: 400, title: 'Incorrect code. Please try again.' })

export const verifyRecoveryEmail = endpoint({
  method: 'POST',
  path: '/api/keys/recovery-email/verify',
  name: 'keys.verifyRecoveryEmail',
  summary: 'Prove the address with its code, and keep it.',
  proof: allOf({ login: loginToken, did: didPresentation }),
  body: z.object({ ...loginFields, code: Code, contactMethod: ContactMethod.optional() }),
  bodyLimit: 32_768,
  reply: { 200: Done.extend({ maskedEmail: z.string(), maskedRecoveryEmail: z.string() }) },
  refusals: [...callerRefusals, userKeyNotFound, nothingPending, wrongCode, tooManyRequests],
})

export const getRecoveryEmail = endpoint({
  method: 'GET',
  path: '/api/keys/recovery-email',
  name: 'keys.getRecoveryEmail',
  summary: 'The masked recovery address: by login token, or by contact alone where that is allowed.',
  proof: allOf({ login: optional(loginToken), did: optional(didPresentation) }),
  query: z.object({ ...optionalLogin, ...contactQuery }),
  reply: { 200: z.object({ recoveryEmail: z.string().nullable(), maskedRecoveryEmail: z.string().nullable() }) },
  refusals: [...callerRefusals, loginNeeded, tooManyRequests],
})
