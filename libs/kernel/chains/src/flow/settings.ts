import { z } from 'zod'
import { bareAddress } from './address.ts'

/** A chain of accounts on Flow, as an operator configures it. */
export const flowSetting = z.strictObject({
  /** Of the Access API (REST), without `/v1`. May hold a key of its provider: never logged. */
  accessUrl: z.url({ protocol: /^https?$/ }),
  /** Before the id of a transaction, where people look at it. */
  explorerUrl: z.url({ protocol: /^https?$/ }).optional(),
  /** Pays for everything, and authorises nothing but deployments. */
  payer: z.strictObject({
    address: z.string().refine((text) => bareAddress(text) !== undefined, 'is no address'),
    /** Where the token’s key stands on the account, each with a weight of 1000. Each has one transaction under way at a time. */
    keyIndexes: z.tuple([z.int().nonnegative()], z.int().nonnegative()),
  }),
  /** What we pay for one app in a day (UTC). */
  transactionsPerDay: z.int().positive(),
  /** Between two looks at what is under way. */
  pollSeconds: z.number().min(0.05).max(60).default(2),
})
export type FlowSetting = z.output<typeof flowSetting>

export type FlowName = 'flow-mainnet' | 'flow-testnet'

/** Blocks after its reference block in which a transaction can run. */
export const GOOD_FOR_BLOCKS = 600
/** The most computation that Flow allows a transaction. */
export const MOST_GAS = 9999
/** Enough for eight keys. */
export const DEPLOYMENT_GAS = 999
/** A deployment that fails this often on the chain is given up, until it is asked for again. */
export const MOST_TRIES = 20
