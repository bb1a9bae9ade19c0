import { endpoint } from '@strongroom/http/contract'
import { PasskeyAssertion, PasskeyDescriptor } from '@strongroom/proofs/contract'
import { z } from 'zod'
import { appSecret } from '../apps/contract.ts'
import { loginRefusals } from '../logins/refusals.ts'
import { PublicKey, Signature } from '../public-key.ts'
import {
  challengeExpired,
  challengeNotFound,
  forbidden,
  invalidRequest,
  invalidSignature,
  pleaseDeploy,
  pleaseRegisterKey,
  pleaseSignUp,
  tooManyRequests,
  unsupportedChain,
} from '../refusals.ts'
import { LoginRequest, SignedIn, Timestamp, UserKey } from '../shapes.ts'

export const ChallengeType = z.enum(['deviceKey', 'passKey', 'recoveryKey'])
export type ChallengeType = z.output<typeof ChallengeType>

const ChallengeData = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .meta({ description: '32 random bytes in hex; what is signed is this text.' })

export const beginSignIn = endpoint({
  method: 'POST',
  path: '/auth/v1/signin/challenge',
  summary: 'A challenge for a registered key: good once, for five minutes.',
  proof: appSecret,
  body: z.object({ challengeType: ChallengeType, request: LoginRequest, publicKey: PublicKey }),
  bodyLimit: 65_536,
  reply: {
    200: z.object({
      challengeData: ChallengeData,
      expiresAt: Timestamp,
      allowCredentials: z
        .array(PasskeyDescriptor)
        .optional()
        .meta({ description: 'Which passkey answers, where `userKey.registration` told it.' }),
    }),
  },
  refusals: [...loginRefusals, unsupportedChain, pleaseSignUp, pleaseRegisterKey, forbidden, tooManyRequests],
})

export const finishSignIn = endpoint({
  method: 'POST',
  path: '/auth/v1/signin/challenge/respond',
  summary: 'Answer the challenge with the key, and be signed in.',
  proof: appSecret,
  body: z.discriminatedUnion('challengeType', [
    z.object({
      challengeType: z.literal('deviceKey'),
      challengeData: ChallengeData,
      deviceKey: z.object({ signature: Signature }),
    }),
    z.object({ challengeType: z.literal('passKey'), challengeData: ChallengeData, passKey: PasskeyAssertion }),
    z.object({
      challengeType: z.literal('recoveryKey'),
      challengeData: ChallengeData,
      recoveryKey: z.object({ signature: Signature, newDeviceKey: UserKey }),
    }),
  ]),
  bodyLimit: 65_536,
  reply: { 200: SignedIn },
  refusals: [
    challengeNotFound,
    challengeExpired,
    invalidSignature,
    pleaseDeploy,
    pleaseRegisterKey,
    invalidRequest,
    forbidden,
    tooManyRequests,
  ],
})
