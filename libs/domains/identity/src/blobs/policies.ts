/** How many: an app may set other numbers. */
export interface BlobPolicies {
  /** Of one account, hidden ones not counted. */
  readonly blobsPerAccount: number
  /** Of one key that was let in by KYC recovery: it must not use up what the owner has. */
  readonly blobsPerRecovery: number
}

export const usualBlobPolicies: BlobPolicies = { blobsPerAccount: 10_000, blobsPerRecovery: 100 }
