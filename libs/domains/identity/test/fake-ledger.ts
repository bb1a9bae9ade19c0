import { keyValues, type Ledger, type LedgerSigner } from '../src/ledger/ledger.ts'

const DEFAULT_ROLE = 2
const RECOVERING_ROLE = 3

export interface FakeLedger extends Ledger {
  readonly masterAccountId: string
  /** Makes the account where there is none yet. */
  addSigner(account: string, key: string, signer?: Partial<LedgerSigner>): void
  /** As a KYC recovery lets it in, until an administrator has approved. */
  letIn(account: string, key: string): void
  removeSigner(account: string, key: string): void
  /** Whatever is asked fails so, until there is no error any more. */
  goAway(error: Error | undefined): void
}

const unknown = () => Promise.reject(new Error('this ledger has no transactions'))

/** Stands where a ledger would, at the edge of the world: accounts and signers in memory, and no transactions. */
export function fakeLedger(masterAccountId: string): FakeLedger {
  const accounts = new Map<string, LedgerSigner[]>()
  let outage: Error | undefined
  const answer = <T>(value: T): Promise<T> => (outage ? Promise.reject(outage) : Promise.resolve(value))
  const addSigner: FakeLedger['addSigner'] = (account, key, signer = {}) => {
    const one = { key, weight: 1000, role: DEFAULT_ROLE, identity: 1, details: '{}', ...signer }
    accounts.set(account, [...(accounts.get(account) ?? []), one])
  }
  return {
    masterAccountId,
    addSigner,
    letIn: (account, key) => addSigner(account, key, { role: RECOVERING_ROLE }),
    removeSigner: (account, key) =>
      void accounts.set(
        account,
        (accounts.get(account) ?? []).filter((one) => one.key !== key),
      ),
    goAway: (error) => void (outage = error),
    info: () => answer({ networkPassphrase: 'A network of the tests', masterAccountId }),
    keyValue: (name) =>
      answer(name === keyValues.recoverySignerRole ? { type: 'u64' as const, value: RECOVERING_ROLE } : undefined),
    signersOf: (account) => answer(accounts.get(account)),
    createAccount: unknown,
    adoptAccount: unknown,
    submit: unknown,
    findApplied: unknown,
    beginKycRecovery: unknown,
    cancelKycRecovery: unknown,
    forgetAccount: unknown,
  }
}
