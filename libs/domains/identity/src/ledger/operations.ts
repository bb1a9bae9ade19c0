import {
  accountKey,
  balanceKey,
  behind,
  bool,
  choice,
  extensible,
  hex,
  list,
  optional,
  struct,
  text,
  u32,
  u64,
  union,
} from './codecs.ts'
import type { Codec } from './xdr.ts'

// Names, numbers and order are those of TokenD's XDR, revision 3.8.

/** What a signer is to be. */
export interface SignerData {
  readonly key: string
  readonly role: bigint
  readonly weight: number
  readonly identity: number
  readonly details: string
}

export type SignerChange =
  | { readonly action: 'create' | 'update'; readonly signer: SignerData }
  | { readonly action: 'remove'; readonly key: string }

export interface RecoveryWish {
  /** 0: a new request; else the one that is changed. */
  readonly requestId: bigint
  readonly account: string
  readonly signers: readonly SignerData[]
  /** JSON. */
  readonly creatorDetails: string
  readonly allTasks: number | undefined
}

/** Of a KYC recovery: requests of other types are no operation of ours. */
export interface Review {
  readonly requestId: bigint
  /** Of what is reviewed, hex: a request that was changed meanwhile has another. */
  readonly requestHash: string
  readonly action: 'approve' | 'reject' | 'permanent-reject'
  readonly reason: string
  readonly details: { readonly tasksToAdd: number; readonly tasksToRemove: number; readonly externalDetails: string }
}

/** A new account, made by the master account. */
export interface AccountWish {
  readonly account: string
  readonly referrer: string | undefined
  readonly role: bigint
  readonly signers: readonly SignerData[]
}

interface Fee {
  readonly fixed: bigint
  readonly percent: bigint
}

export interface Payment {
  readonly sourceBalance: string
  readonly destination:
    { readonly kind: 'account'; readonly account: string } | { readonly kind: 'balance'; readonly balance: string }
  /** In millionths. */
  readonly amount: bigint
  readonly fees: { readonly source: Fee; readonly destination: Fee; readonly sourcePaysForDestination: boolean }
  readonly subject: string
  readonly reference: string
}

export type OperationBody =
  | ({ readonly type: 'create-account' } & AccountWish)
  | { readonly type: 'manage-signer'; readonly change: SignerChange }
  | ({ readonly type: 'payment' } & Payment)
  | { readonly type: 'initiate-kyc-recovery'; readonly account: string; readonly signer: string }
  | ({ readonly type: 'create-kyc-recovery-request' } & RecoveryWish)
  | ({ readonly type: 'review-request' } & Review)

export interface Operation {
  /** `undefined`: that of the transaction. */
  readonly source: string | undefined
  readonly body: OperationBody
}

export const signerData = extensible(
  struct<SignerData>({ key: accountKey, role: u64, weight: u32, identity: u32, details: text() }),
)

const signerChange: Codec<SignerChange> = union('action', {
  create: [0, struct({ signer: signerData })],
  update: [1, struct({ signer: signerData })],
  remove: [2, extensible(struct({ key: accountKey }))],
})

const accountWish = extensible(
  struct<AccountWish>({ account: accountKey, referrer: optional(accountKey), role: u64, signers: list(signerData) }),
)

const fee = extensible(struct<Fee>({ fixed: u64, percent: u64 }))

const payment = extensible(
  struct<Payment>({
    sourceBalance: balanceKey,
    destination: union('kind', {
      account: [0, struct({ account: accountKey })],
      balance: [1, struct({ balance: balanceKey })],
    }),
    amount: u64,
    fees: extensible(struct<Payment['fees']>({ source: fee, destination: fee, sourcePaysForDestination: bool })),
    subject: text(),
    reference: text(),
  }),
)

const recoveryWish = extensible(
  struct<RecoveryWish>({
    requestId: u64,
    account: accountKey,
    signers: list(signerData),
    creatorDetails: text(),
    allTasks: optional(u32),
  }),
)

/** In TokenD's list of reviewable requests. */
export const KYC_RECOVERY_REQUEST = 18

const review = extensible(
  struct<Review>({
    requestId: u64,
    requestHash: hex(32),
    action: behind(KYC_RECOVERY_REQUEST, choice({ approve: 1, reject: 2, 'permanent-reject': 3 }), 'operation-unknown'),
    reason: text(),
    details: extensible(struct<Review['details']>({ tasksToAdd: u32, tasksToRemove: u32, externalDetails: text() })),
  }),
)

/** XDR says nowhere how long a value is: of an operation that is not among these nothing behind it could be read. */
export const operationCodes = {
  'create-account': 1,
  'review-request': 18,
  payment: 23,
  'manage-signer': 38,
  'initiate-kyc-recovery': 48,
  'create-kyc-recovery-request': 49,
} as const

export const operation: Codec<Operation> = struct<Operation>({
  source: optional(accountKey),
  body: union(
    'type',
    {
      'create-account': [operationCodes['create-account'], accountWish],
      'review-request': [operationCodes['review-request'], review],
      payment: [operationCodes.payment, payment],
      'manage-signer': [operationCodes['manage-signer'], extensible(struct({ change: signerChange }))],
      'initiate-kyc-recovery': [
        operationCodes['initiate-kyc-recovery'],
        extensible(struct({ account: accountKey, signer: accountKey })),
      ],
      'create-kyc-recovery-request': [operationCodes['create-kyc-recovery-request'], recoveryWish],
    },
    'operation-unknown',
  ),
})
