import { fromBase64url, Secret } from '@strongroom/crypto'
import { endpoint, optional, refusal } from '@strongroom/http/contract'
import { loginFields, loginToken } from '@strongroom/proofs/contract'
import { z } from 'zod'
import { accountMissing, BODY_LIMIT, Done, plainText } from '../devices/contract.ts'

export const tooManySessions = refusal({
  kind: 'too-many-sessions',
  status: 429,
  title: 'Too many session requests. Please try again later.',
})
export const tooManyLookups = refusal({
  kind: 'too-many-lookups',
  status: 429,
  title: 'Too many lookup attempts. Please try again later.',
})
export const tooManyApprovals = refusal({
  kind: 'too-many-approvals',
  status: 429,
  title: 'Too many approve attempts for this session.',
})
export const sessionMissing = refusal({
  kind: 'session-missing',
  status: 404,
  title: 'Session not found or expired',
})
export const sessionApproved = refusal({
  kind: 'session-approved',
  status: 409,
  title: 'Session already approved',
})
export const approverMismatch = refusal({
  kind: 'approver-mismatch',
  status: 403,
  title: 'approverDid is not the DID of this account',
})

const PublicKey = plainText(512).meta({ description: 'The new device’s ephemeral X25519 key, base64.' })
const Payload = plainText(8192).meta({
  description: 'The device share, encrypted for the new device: JSON of `ciphertext`, `iv` and `senderPublicKey`.',
})
const Did = plainText(2048).regex(/^did:/)
const PollTokenDigest = z
  .string()
  .refine(isDigest)
  .meta({ description: 'SHA-256 of a poll token, base64url: the payload is then given for that token alone, once.' })

function isDigest(text: string): boolean {
  try {
    return fromBase64url(text).length === 32
  } catch {
    return false
  }
}

export const createSession = endpoint({
  method: 'POST',
  path: '/api/qr-login/session',
  name: 'qrLogin.createSession',
  summary: 'Open a session for a new device, which shows its id or its short code to a device that is logged in.',
  body: z.object({ publicKey: PublicKey, pollTokenDigest: PollTokenDigest.optional() }),
  reply: {
    200: z.object({
      sessionId: z.uuid(),
      shortCode: z.string().regex(/^\d{8}$/),
      expiresInSeconds: z.int(),
    }),
  },
  refusals: [tooManySessions],
})

export const lookUpSession = endpoint({
  method: 'GET',
  path: '/api/qr-login/session/:lookup',
  name: 'qrLogin.getSession',
  summary: 'Find a session by its id, or by its short code, which never gives the payload.',
  params: z.object({ lookup: z.string() }),
  headers: z.object({
    'x-poll-token': z
      .string()
      .transform((text) => new Secret(text))
      .optional()
      .meta({ description: 'Of a session that was opened with `pollTokenDigest`.' }),
  }),
  reply: {
    200: z.object({
      sessionId: z.uuid(),
      publicKey: z.string(),
      status: z.enum(['pending', 'approved']),
      encryptedPayload: z.string().optional(),
      approverDid: z.string().optional(),
    }),
  },
  refusals: [sessionMissing, tooManyLookups],
})

const approval = {
  method: 'POST',
  path: '/api/qr-login/session/:sessionId/approve',
  name: 'qrLogin.approveSession',
  summary: 'Hand the encrypted device share to the new device.',
  params: z.object({ sessionId: z.string() }),
  bodyLimit: BODY_LIMIT,
  reply: { 200: Done },
  refusals: [accountMissing, approverMismatch, sessionMissing, sessionApproved, tooManyApprovals],
} as const

/** As the original's documents have it: whoever approves is logged in, and the DID is the account's. */
export const approveSession = endpoint({
  ...approval,
  proof: loginToken,
  body: z.object({ ...loginFields, encryptedPayload: Payload, approverDid: Did.optional() }),
})

/** As the original's client has it: no token, and the DID is what the caller says. A token that is sent is judged. */
export const approveOpenSession = endpoint({
  ...approval,
  proof: optional(loginToken),
  body: z
    .object({
      authToken: loginFields.authToken.optional(),
      providerType: loginFields.providerType.optional(),
      encryptedPayload: Payload,
      approverDid: Did.optional(),
    })
    .refine(({ authToken, approverDid }) => authToken !== undefined || approverDid !== undefined, {
      path: ['approverDid'],
      message: 'approverDid is required without an authToken',
    }),
})

export const notifyDevices = endpoint({
  method: 'POST',
  path: '/api/qr-login/notify',
  name: 'qrLogin.notify',
  summary: 'Push a pending session to the devices of the account, to be approved there.',
  proof: loginToken,
  body: z.object({ ...loginFields, sessionId: z.string(), shortCode: z.string() }),
  bodyLimit: BODY_LIMIT,
  reply: { 200: z.object({ sent: z.boolean(), deviceCount: z.int() }) },
  refusals: [sessionMissing],
})
