import type { Adoption, LedgerSigner } from './ledger.ts'
import type { OperationBody } from './operations.ts'
import { toData } from './signer-rules.ts'

/** What an account's signers are once it was given to somebody. */
export function signersAfter(
  existing: readonly LedgerSigner[],
  { signers, others }: Pick<Adoption, 'signers' | 'others'>,
): readonly LedgerSigner[] {
  if (others === 'go') return signers
  const isNew = (one: LedgerSigner) => signers.every(({ key }) => key !== one.key)
  return [...existing.filter(isNew), ...signers]
}

/** By what they may do: another ledger writes details in its own way. */
export const isSameSet = (a: readonly LedgerSigner[], b: readonly LedgerSigner[]): boolean => textOf(a) === textOf(b)

const textOf = (signers: readonly LedgerSigner[]): string => JSON.stringify(signers.map(factsOf).toSorted())

const factsOf = ({ key, weight, role, identity }: LedgerSigner): string => JSON.stringify([key, weight, role, identity])

/** The operations that make one set of the other. `last` signs them: it goes when everybody else is there. */
export function changesTo(
  existing: readonly LedgerSigner[],
  { signers, last }: { readonly signers: readonly LedgerSigner[]; readonly last: string },
): readonly OperationBody[] {
  const known = new Map(existing.map((one) => [one.key, one]))
  const put = signers.flatMap((signer): OperationBody[] => {
    const before = known.get(signer.key)
    if (before && factsOf(before) === factsOf(signer)) return []
    const action = before ? 'update' : 'create'
    return [{ type: 'manage-signer', change: { action, signer: toData(signer) } }]
  })
  const gone = existing.map(({ key }) => key).filter((key) => signers.every((one) => one.key !== key))
  const ordered = [...gone.filter((key) => key !== last), ...gone.filter((key) => key === last)]
  return [
    ...put,
    ...ordered.map((key): OperationBody => ({ type: 'manage-signer', change: { action: 'remove', key } })),
  ]
}
