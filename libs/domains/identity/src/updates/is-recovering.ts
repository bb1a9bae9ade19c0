import type { Keystore } from '@strongroom/hsm'
import type { Database } from '@strongroom/storage'
import { type Ledger, RECOVERY_ROLE } from '../ledger/ledger.ts'
import { signerRoles } from '../ledger/signer-rules.ts'
import { findLetIn } from './holds.ts'

/**
 * Whether the wallet may be somebody's who reads one mail: until an administrator has made the key that a recovery let in an
 * owner's. One that was refused, or ended otherwise, makes nobody the owner; and what is held may be gone, the key there still.
 */
export async function isRecovering(
  deps: { readonly database: Database; readonly hsm: Keystore; readonly ledger: Ledger },
  { id, accountId }: { readonly id: string; readonly accountId: string },
): Promise<boolean> {
  const { recovering } = await signerRoles(deps.ledger)
  const signers = ((await deps.ledger.signersOf(accountId)) ?? []).filter(({ weight }) => weight > 0)
  if (signers.some(({ role }) => role === recovering)) return true
  const letIn = await findLetIn(deps, id)
  const owns = (key: string) => signers.some((one) => one.key === key && one.role !== RECOVERY_ROLE)
  return letIn.length > 0 && !letIn.some(owns)
}
