/** What a transaction may be for that gets a stored signer's signature: the names of its operations. */
export const purposes = ['payment', 'manage-signer', 'create-kyc-recovery-request'] as const
export type Purpose = (typeof purposes)[number]

export interface MultisigPolicies {
  readonly multisig: {
    readonly purposes: readonly Purpose[]
    /** So few that a message names each. */
    readonly mostOperations: number
    readonly signersPerAccount: number
    /** Seconds after which a key that does not sign for its account makes room: longer than a transaction that adds it is good for. */
    readonly unusedKept: number
  }
}

const DAY = 86_400

export const usualMultisigPolicies: MultisigPolicies = {
  multisig: { purposes, mostOperations: 5, signersPerAccount: 5, unusedKept: 8 * DAY },
}
