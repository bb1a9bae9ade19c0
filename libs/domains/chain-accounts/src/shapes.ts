import { PasskeyRegistrationJson } from '@strongroom/proofs/contract'
import { z } from 'zod'
import { PublicKey } from './public-key.ts'

const chainNames = [
  'flow-mainnet',
  'flow-testnet',
  'ethereum-mainnet',
  'ethereum-goerli',
  'ethereum-sepolia',
  'polygon-mainnet',
  'polygon-mumbai',
  'polygon-amoy',
  'local',
] as const

/** Every name that the wire knows; one that is not served answers `UnsupportedChain`. */
export const ChainName = z.enum(chainNames)
export type ChainName = z.output<typeof ChainName>

export const methods = ['firebase', 'apple', 'test'] as const
export const Method = z.enum(methods)

export const Timestamp = z.string().meta({ description: 'ISO 8601, UTC.', example: '2026-01-15T10:30:00.000Z' })

const LONGEST_TOKEN = 16_384
/** Bytes are made of it: half a character has none. */
const isText = (text: string): boolean => text.isWellFormed()
/** Shown to whoever is to say yes: nothing that a screen hides, or shows in another order. */
const isShown = (text: string): boolean => !/[\p{Cc}\p{Cs}\u2028-\u202e\u2066-\u2069]/u.test(text)
export const Words = z.string().min(1).max(200).refine(isShown)
const Few = z.string().max(50).refine(isShown)

/** Who somebody is, as a login provider says. */
export const LoginRequest = z.object({
  method: Method,
  token: z.string().min(1).max(LONGEST_TOKEN).refine(isText),
  chainName: ChainName.optional(),
  nonce: z
    .string()
    .min(1)
    .max(200)
    .refine(isText)
    .optional()
    .meta({ description: 'What the app had the provider put into the token.' }),
  codeVerifier: z
    .string()
    .regex(/^[\w.~-]{43,128}$/)
    .optional()
    .meta({ description: 'Of a redirect code that was asked for with a challenge: RFC 7636.' }),
  redirectUri: z
    .string()
    .regex(/^[\x21-\x7e]{1,2048}$/)
    .optional()
    .meta({ description: 'Of a redirect code: where it was sent, one of those that are configured.' }),
})

/** What may be told of a device. Nothing decides by it; it is sealed. */
export const deviceFields = {
  sdkVersion: Few.optional(),
  pushToken: z.string().max(4096).refine(isText).nullable().optional(),
  name: Words.optional(),
  osName: Few.optional(),
  osVersion: Few.optional(),
  deviceManufacturer: Words.optional(),
  deviceModel: Words.optional(),
  lang: Few.optional(),
  type: z.enum(['mobile', 'tablet', 'desktop', 'unknown']).optional(),
}
export const DeviceFields = z.object(deviceFields)
export type DeviceFields = z.output<typeof DeviceFields>

/** A device’s key or a passkey; the key is told once, or once more within the device and then alike. */
export const UserKey = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('device'),
    publicKey: PublicKey,
    device: z.object({ publicKey: PublicKey.optional(), ...deviceFields }).optional(),
  }),
  z.object({
    type: z.literal('passkey'),
    publicKey: PublicKey,
    passKey: z.object({ platform: z.enum(['android', 'ios', 'web']) }).optional(),
    registration: PasskeyRegistrationJson.optional(),
    device: z.object({ publicKey: PublicKey.optional(), ...deviceFields }).optional(),
  }),
])
export type UserKey = z.output<typeof UserKey>

export const Address = z.object({
  address: z.string(),
  profileImageUrl: z.string().nullable(),
  domainName: z.string().nullable(),
  chainName: z.string(),
  chainId: z.int().nullable(),
  chainType: z.enum(['evm', 'cadence']),
})

export const Account = z.object({
  id: z.uuid(),
  addresses: z.array(Address),
  parent: z.array(Address),
  createdAt: Timestamp,
  updatedAt: Timestamp,
})

export const Credentials = z.object({ accessToken: z.string(), refreshToken: z.string() })
export type Credentials = z.output<typeof Credentials>

export const Transaction = z.object({ id: z.string(), chainName: z.string(), refUrl: z.string() })

/** What every finished sign-in answers. */
export const SignedIn = z.object({
  account: Account,
  credentials: Credentials,
  transaction: Transaction.nullable().meta({ description: 'The deployment, once it was sent.' }),
})

export const Device = z.object({
  id: z.uuid(),
  publicKey: z.string(),
  sdkVersion: z.string().nullable(),
  pushToken: z.string().nullable(),
  name: z.string().nullable(),
  osName: z.string().nullable(),
  osVersion: z.string().nullable(),
  deviceManufacturer: z.string().nullable(),
  deviceModel: z.string().nullable(),
  lang: z.string().nullable(),
  type: z.string().nullable(),
})

export const Key = z.object({
  publicKey: z.string(),
  accountId: z.uuid(),
  appId: z.uuid(),
  type: z.enum(['user-key', 'recover-key', 'server-key']),
  name: z.string().nullable(),
  keyIndex: z.int(),
  state: z.enum(['pending', 'active', 'revoked']),
  userKey: z
    .object({
      type: z.enum(['device', 'passkey']),
      app: z.object({ appId: z.uuid(), appName: z.string() }),
      device: Device.nullable(),
    })
    .optional(),
  recoverKey: z.object({ type: z.literal('cloud'), cloudKey: z.object({ accountName: z.string() }) }).optional(),
  createdAt: Timestamp,
  lastUsedAt: Timestamp.nullable(),
  revokedAt: Timestamp.nullable(),
})

/** An answer without a body. */
export const Nothing = z.undefined()
