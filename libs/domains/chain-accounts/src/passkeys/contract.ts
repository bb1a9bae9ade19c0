import { endpoint } from '@strongroom/http/contract'
import { PasskeyCreationOptions } from '@strongroom/proofs/contract'
import { z } from 'zod'
import { appSecret } from '../apps/contract.ts'
import { invalidRequest, tooManyRequests } from '../refusals.ts'
import { Timestamp } from '../shapes.ts'
import { accountToken } from '../tokens/account-token.ts'

const drawn = {
  reply: { 200: z.object({ options: PasskeyCreationOptions, expiresAt: Timestamp }) },
  refusals: [invalidRequest, tooManyRequests],
}

export const passkeyOptions = endpoint({
  method: 'POST',
  path: '/auth/v1/passkeys/options',
  summary:
    'What a new passkey is to be made by, for `userKey.registration`: its challenge is good once, for five minutes, in this app.',
  proof: appSecret,
  ...drawn,
})

export const ownPasskeyOptions = endpoint({
  method: 'POST',
  path: '/key/v1/passkeys/options',
  summary: 'The same for a further passkey of the caller’s account, good for that account alone.',
  proof: accountToken,
  ...drawn,
})
