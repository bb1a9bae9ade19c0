import type { KeyNeed } from '@strongroom/hsm'
import { STAMP_USE } from '../wallets/names.ts'
import { createSigner } from './create-signer.ts'
import { submitSigned, submitSignedToGateway } from './submit-cosigned.ts'

export { type MultisigPolicies, type Purpose, purposes, usualMultisigPolicies } from './policies.ts'

/** In the order of the contract. */
export const multisigHandlers = [createSigner, submitSigned]

/** For who has no Horizon. */
export const gatewayHandlers = [submitSignedToGateway]

/** What the runtime role may do. */
export const multisigTables = { stored_signers: ['select', 'insert', 'update', 'delete'] } as const

export const multisigKeyNeeds: readonly KeyNeed[] = [
  { job: 'wrap', use: '' },
  { job: 'mac', use: STAMP_USE, rotates: 'fixed' },
]
