import { endpoint } from '@strongroom/http/contract'
import { z } from 'zod'
import { appSecret } from '../apps/contract.ts'
import { loginRefusals } from '../logins/refusals.ts'
import {
  alreadySignedUp,
  chainUnavailable,
  challengeExpired,
  challengeNotFound,
  invalidRequest,
  notFound,
  tooManyRequests,
  unsupportedChain,
} from '../refusals.ts'
import { Account, ChainName, LoginRequest, SignedIn, UserKey } from '../shapes.ts'
import { accountToken } from '../tokens/account-token.ts'

export const signUp = endpoint({
  method: 'POST',
  path: '/auth/v1/signup',
  summary:
    'Open an account with its first key, and have it deployed on the chain; asked once more within minutes, before it stands, it answers the same account.',
  proof: appSecret,
  body: LoginRequest.extend({ userKey: UserKey }),
  bodyLimit: 65_536,
  reply: { 201: SignedIn },
  refusals: [
    ...loginRefusals,
    unsupportedChain,
    alreadySignedUp,
    challengeNotFound,
    challengeExpired,
    invalidRequest,
    tooManyRequests,
    chainUnavailable,
  ],
})

export const getMe = endpoint({
  method: 'GET',
  path: '/account/v1/me',
  summary: 'The caller’s account, and where it stands.',
  proof: accountToken,
  reply: { 200: z.object({ account: Account }) },
  refusals: [tooManyRequests, notFound],
})

export const deployElsewhere = endpoint({
  method: 'POST',
  path: '/account/v1/addresses',
  summary: 'Have the account stand on another chain as well, with the keys that it has now; once more changes nothing.',
  proof: accountToken,
  body: z.object({ chainName: ChainName }),
  reply: { 202: z.object({ account: Account }) },
  refusals: [tooManyRequests, unsupportedChain, invalidRequest, notFound, chainUnavailable],
})
