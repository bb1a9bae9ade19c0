import { securityEvent } from '@strongroom/audit'
import { z } from 'zod'

// The subject is the account, `G…`, which is public.

export const signerStored = securityEvent('identity.signer-stored', z.object({ key: z.string() }))
/** Before it goes to the ledger: what became of it, the ledger says. */
export const transactionCosigned = securityEvent(
  'identity.transaction-cosigned',
  z.object({ hash: z.string(), keys: z.array(z.string()), purposes: z.array(z.string()) }),
)
