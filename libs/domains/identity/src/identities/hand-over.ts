import { recordEvent } from '@strongroom/audit'
import type { Keystore } from '@strongroom/hsm'
import type { Statements } from '@strongroom/storage'
import type { Ledger } from '../ledger/ledger.ts'
import { signerRoles } from '../ledger/signer-rules.ts'
import { accountHandedOver } from './events.ts'
import { type Identity, prepareUpdate, updateIdentity } from './store.ts'

/**
 * Somebody who has an account proved an address or a number for which another was made: their signers sign for that one
 * too, and it loses the name. Where the ledger knows it as somebody's already, it loses the name all the same.
 */
export async function prepareHandOver(
  { ledger, hsm }: { readonly ledger: Ledger; readonly hsm: Keystore },
  { nobodys, to }: { readonly nobodys: Identity; readonly to: string },
): Promise<(tx: Statements) => Promise<void>> {
  const { recovering } = await signerRoles(ledger)
  const signers = ((await ledger.signersOf(to)) ?? []).filter(({ role }) => role !== recovering)
  await ledger.adoptAccount({ account: nobodys.address, signers, others: 'go' })
  const next = await prepareUpdate(hsm, nobodys, { status: 'active', contents: {} })
  return async (tx) => {
    await updateIdentity(tx, next)
    await recordEvent(tx, accountHandedOver, { subject: nobodys.address, detail: { to } })
  }
}
