import type { Refusal } from '@strongroom/http'
import { keyValues, type Ledger, type LedgerSigner } from '../ledger/ledger.ts'
import { judgeSigners, numberOf, signerRoles, THRESHOLD } from '../ledger/signer-rules.ts'
import { wrongField } from '../refusals.ts'

interface IncludedSigner {
  readonly id: string
  readonly attributes: Omit<LedgerSigner, 'key' | 'role'> & { readonly role_id?: number | undefined }
}

/** The signers that a new account is to have: those related, with what is included of them, judged as the ledger judges. */
export async function givenSigners(
  ledger: Ledger,
  { keys, included }: { readonly keys: readonly string[]; readonly included: readonly IncludedSigner[] },
): Promise<readonly LedgerSigner[] | Refusal<'field-refused'>> {
  const usual = numberOf(await ledger.keyValue(keyValues.defaultSignerRole)) ?? Number.NaN
  const signers = keys.map((key): LedgerSigner => {
    const { role_id: role = usual, ...given } = included.find(({ id }) => id === key)?.attributes ?? {
      weight: THRESHOLD,
      identity: 1,
      details: '{}',
    }
    return { key, role, ...given }
  })
  const fault = judgeSigners(signers, await signerRoles(ledger))
  return fault ? wrongField('/data/relationships/signers', `the ledger takes no such signers: ${fault}`) : signers
}
