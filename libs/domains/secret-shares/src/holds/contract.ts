import { allOf, endpoint, refusal } from '@strongroom/http/contract'
import { challengedPresentation, didPresentation, loginFields, loginToken } from '@strongroom/proofs/contract'
import { z } from 'zod'
import {
  anotherLogin,
  callerRefusals,
  ContactMethod,
  contactMismatch,
  Done,
  keyNotFound,
  tooManyRequests,
  Version,
} from '../accounts/contract.ts'
import { shareConflict } from '../shares/contract.ts'

export const deleteUserKey = endpoint({
  method: 'POST',
  path: '/api/keys/delete',
  name: 'keys.deleteUserKey',
  summary: 'Delete what is kept of a wallet. It can be brought back for seven days, by its DID alone.',
  proof: allOf({ login: loginToken, did: didPresentation }),
  body: z.object({ ...loginFields, contactMethod: ContactMethod.optional() }),
  bodyLimit: 32_768,
  reply: { 200: Done },
  refusals: [...callerRefusals, shareConflict, tooManyRequests],
})

const MOST_CHALLENGES = 100

export const getChallenges = endpoint({
  method: 'GET',
  path: '/api/challenges',
  name: 'challenges.getChallenges',
  summary: 'Challenges for a DID: random, good once, for ten minutes. A presentation carries one as its `nonce`.',
  proof: didPresentation,
  query: z.object({
    amount: z
      .string()
      .regex(/^\d{1,3}$/)
      .transform(Number)
      .pipe(z.int().min(1).max(MOST_CHALLENGES))
      .default(1),
  }),
  reply: { 200: z.array(z.string()) },
  refusals: [],
})

export const nothingHeld = refusal({ kind: 'nothing-held', status: 404, title: 'There is nothing to restore.' })
export const severalAccounts = refusal({
  kind: 'several-accounts',
  status: 409,
  title: 'This DID had several accounts: name the contactMethod of the one to restore.',
})

export const restoreUserKey = endpoint({
  method: 'POST',
  path: '/api/keys/restore',
  name: 'keys.restoreUserKey',
  summary: 'Bring back what was replaced or deleted within seven days: the latest, or as it was at a version.',
  proof: challengedPresentation,
  body: z.object({ shareVersion: Version.optional(), contactMethod: ContactMethod.optional() }),
  reply: { 200: Done.extend({ shareVersion: z.int() }) },
  refusals: [nothingHeld, severalAccounts, tooManyRequests],
})

export const alreadyOwned = refusal({
  kind: 'already-owned',
  status: 409,
  title: 'The account belongs to this DID already.',
})

export const startOver = endpoint({
  method: 'POST',
  path: '/api/keys/start-over',
  name: 'keys.startOver',
  summary:
    'Ask to replace a record whose DID is lost: in seven days this DID may store a first share. The owner is told.',
  proof: allOf({ login: loginToken, did: challengedPresentation }),
  body: z.object({ ...loginFields, contactMethod: ContactMethod.optional() }),
  bodyLimit: 32_768,
  reply: { 200: Done.extend({ opensAt: z.string() }) },
  refusals: [contactMismatch, anotherLogin, keyNotFound, alreadyOwned, tooManyRequests],
})

export const nothingToCancel = refusal({ kind: 'nothing-to-cancel', status: 404, title: 'There is nothing to cancel.' })

export const cancelStartOver = endpoint({
  method: 'DELETE',
  path: '/api/keys/start-over',
  name: 'keys.cancelStartOver',
  summary: 'Cancel every request to start a record of this DID over.',
  proof: challengedPresentation,
  reply: { 200: Done },
  refusals: [nothingToCancel],
})

export const healthCheck = endpoint({
  method: 'GET',
  path: '/api/health-check',
  name: 'utilities.healthCheck',
  summary: 'Whether the API answers.',
  reply: { 200: z.string() },
  refusals: [],
})
