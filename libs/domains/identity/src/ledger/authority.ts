import { keyValues, type Ledger, RECOVERY_ROLE } from './ledger.ts'

/**
 * What a key may do for an account. `owner`: it signs for it. `recovering`: it was let in by KYC recovery, which an
 * administrator has yet to approve; whoever reads the owner's mail can come so far, so it brings papers and reads none.
 */
export type Standing = 'owner' | 'recovering'

export async function standingOf(
  ledger: Ledger,
  { account, key }: { account: string; key: string },
): Promise<Standing | undefined> {
  const signers = await ledger.signersOf(account)
  const signer = signers?.find((one) => one.key === key && one.weight > 0)
  if (!signer || signer.role === RECOVERY_ROLE) return undefined
  const recovery = await ledger.keyValue(keyValues.recoverySignerRole)
  return recovery && recovery.value === signer.role ? 'recovering' : 'owner'
}

export const isOwner = async (ledger: Ledger, of: { account: string; key: string }): Promise<boolean> =>
  (await standingOf(ledger, of)) === 'owner'

/** Administrators are the signers of the master account, of any role: nobody recovers that one, and TokenD's first one has the role 1. */
export async function isAdmin(ledger: Ledger, key: string): Promise<boolean> {
  const { masterAccountId } = await ledger.info()
  const signers = await ledger.signersOf(masterAccountId)
  return signers?.some((signer) => signer.key === key && signer.weight > 0) ?? false
}
