import { endpoint } from '@strongroom/http/contract'
import { z } from 'zod'
import { appSecret } from '../apps/contract.ts'
import { loginRefusals } from '../logins/refusals.ts'
import {
  chainUnavailable,
  challengeExpired,
  challengeNotFound,
  forbidden,
  invalidRequest,
  noDestinationDevice,
  notFound,
  pleaseDeploy,
  pleaseSignUp,
  tooManyRequests,
  twoFactorDenied,
  twoFactorExpired,
  twoFactorPending,
  unsupportedChain,
} from '../refusals.ts'
import { Device, LoginRequest, Nothing, SignedIn, Timestamp, UserKey } from '../shapes.ts'
import { accountToken, anyToken, requestToken } from '../tokens/account-token.ts'

export const TwoFactorAuth = z.object({
  id: z.uuid(),
  accountId: z.uuid(),
  request: z.object({
    id: z.uuid(),
    app: z.object({ appId: z.uuid(), appName: z.string() }),
    userOpInfo: z.object({
      type: z.literal('sign-in'),
      signIn: z.object({
        email: z.string().nullable(),
        ip: z.string().nullable(),
        location: z.null().meta({ description: 'Nobody is asked where an address is.' }),
      }),
    }),
    srcDevice: Device,
    destDevice: Device.extend({ publicKey: z.string().nullable() })
      .nullable()
      .meta({ description: 'To who waits, its id alone.' }),
    requestedAt: Timestamp,
    message: z.string().meta({
      description:
        'JSON text of what the approving device is to sign: `{"evm":…}`, typed data, or `{"cadence":…}`, a script.',
    }),
  }),
  status: z.enum(['pending', 'approved', 'denied', 'expired']),
  expiresAt: Timestamp,
  result: z.object({ txId: z.string() }).optional(),
})
export type TwoFactorAuth = z.input<typeof TwoFactorAuth>

const params = z.object({ id: z.uuid() })
const told = { 200: z.object({ twoFactorAuth: TwoFactorAuth }) }

export const beginTwoFactor = endpoint({
  method: 'POST',
  path: '/auth/v1/signin/2fa',
  summary: 'Ask another device of the account to let this one in. It has three minutes.',
  proof: appSecret,
  body: z.object({ request: LoginRequest, userKey: UserKey }),
  bodyLimit: 65_536,
  reply: { 200: z.object({ twoFactorAuth: TwoFactorAuth, ephemeralAccessToken: z.string().nullable() }) },
  refusals: [
    ...loginRefusals,
    unsupportedChain,
    pleaseSignUp,
    pleaseDeploy,
    noDestinationDevice,
    challengeNotFound,
    challengeExpired,
    invalidRequest,
    tooManyRequests,
    chainUnavailable,
  ],
})

export const finishTwoFactor = endpoint({
  method: 'POST',
  path: '/auth/v1/signin/2fa/finish',
  summary: 'Be signed in, once, after the other device approved and the key stands on the chain.',
  proof: requestToken,
  body: z.object({ twoFactorAuthRequestId: z.uuid() }),
  reply: { 200: SignedIn },
  refusals: [
    notFound,
    twoFactorPending,
    twoFactorDenied,
    twoFactorExpired,
    invalidRequest,
    pleaseDeploy,
    tooManyRequests,
    chainUnavailable,
  ],
})

export const lookAtTwoFactor = endpoint({
  method: 'GET',
  path: '/device/v1/2fa/:id',
  summary: 'How a request stands, for who asks and for every device of the account.',
  proof: anyToken,
  params,
  reply: told,
  refusals: [notFound, tooManyRequests],
})

export const resendTwoFactor = endpoint({
  method: 'PUT',
  path: '/device/v1/2fa/:id',
  summary: 'Have another device of the account asked.',
  proof: anyToken,
  params,
  body: z.object({ destDeviceId: z.uuid() }),
  reply: told,
  refusals: [notFound, noDestinationDevice, twoFactorDenied, twoFactorExpired, invalidRequest, tooManyRequests],
})

export const denyTwoFactor = endpoint({
  method: 'DELETE',
  path: '/device/v1/2fa/:id',
  summary: 'Refuse the request, from a device of the account.',
  proof: accountToken,
  params,
  reply: { 204: Nothing },
  refusals: [notFound, twoFactorExpired, invalidRequest, forbidden, tooManyRequests],
})

export const approveTwoFactor = endpoint({
  method: 'POST',
  path: '/device/v1/2fa/:id/approve',
  summary: 'Approve the request, after the transaction that adds the key succeeded.',
  proof: accountToken,
  params,
  body: z.object({ txId: z.string().regex(/^(0x)?[0-9a-f]{64}$/i) }),
  reply: { 204: Nothing },
  refusals: [
    notFound,
    twoFactorPending,
    twoFactorDenied,
    twoFactorExpired,
    invalidRequest,
    forbidden,
    tooManyRequests,
    chainUnavailable,
  ],
})
