import { getAddress, isAddress } from 'viem'
import { z } from 'zod'
import { usualContracts } from './usual-contracts.ts'

const address = z
  .string()
  .refine((text) => isAddress(text), 'is no address')
  .transform((text) => getAddress(text))
const wei = z
  .string()
  .regex(/^[1-9]\d{0,30}$/, 'is no amount of wei')
  .transform(BigInt)

/** Where the contracts stand; the same on every chain that they were deployed to by `deployContracts`. */
export const evmContracts = z.object({
  factory: address,
  implementation: address,
  deviceVerifier: address,
  passkeyVerifier: address,
})
export type EvmContracts = z.output<typeof evmContracts>

const usual = usualContracts()

/** A chain of EVM accounts, as an operator configures it. */
export const evmSetting = z.strictObject({
  /** May hold a key of its provider: never logged. */
  rpcUrl: z.url({ protocol: /^https?$/ }),
  chainId: z.int().positive(),
  // Where this release puts them, unless said.
  factory: evmContracts.shape.factory.prefault(usual.factory),
  implementation: evmContracts.shape.implementation.prefault(usual.implementation),
  deviceVerifier: evmContracts.shape.deviceVerifier.prefault(usual.deviceVerifier),
  passkeyVerifier: evmContracts.shape.passkeyVerifier.prefault(usual.passkeyVerifier),
  /** Blocks that must stand on what we believe, its own included. */
  confirmations: z.int().min(1).max(128).default(12),
  /** Before the hash of a transaction, where people look at it. */
  explorerUrl: z.url({ protocol: /^https?$/ }).optional(),
  /** What we pay for one app in a day (UTC). */
  gasBudgetWei: wei,
  /** For one unit of gas; dearer times are waited out. */
  maxGasPriceWei: wei.default(500_000_000_000n),
  /** Transactions that are out at once. */
  inFlight: z.int().min(1).max(1000).default(64),
  /** Between two looks at what is out. */
  pollSeconds: z.number().min(0.05).max(60).default(2),
  /** After which the same bytes are sent again. */
  resendSeconds: z.number().min(0.05).max(600).default(15),
  /** After which a transaction that was not taken up is replaced at a higher price. */
  stuckSeconds: z.number().min(0.1).max(3600).default(120),
})
export type EvmSetting = z.output<typeof evmSetting>
