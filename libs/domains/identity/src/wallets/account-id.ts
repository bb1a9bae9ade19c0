import { z } from 'zod'

/** An account or a key of the ledger, as text: `G…`. Its checksum is judged where it is used. */
export const AccountId = z
  .string()
  .regex(/^G[A-Z2-7]{55}$/, 'is no account key')
  .meta({ description: 'A public key: `G` and 55 letters (Stellar’s SEP-23, as TokenD has it).' })
