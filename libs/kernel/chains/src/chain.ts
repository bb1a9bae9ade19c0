import type { Statements } from '@strongroom/storage'

/** Every name that stands on the wire. One without a configured endpoint is known, and not served. */
export const chainNames = [
  'flow-mainnet',
  'flow-testnet',
  'ethereum-mainnet',
  'ethereum-goerli',
  'ethereum-sepolia',
  'polygon-mainnet',
  'polygon-mumbai',
  'polygon-amoy',
  'local',
] as const

export type ChainName = (typeof chainNames)[number]
export type ChainType = 'evm' | 'cadence'

/** How a signer signs: ECDSA P-256 over the SHA-256 of the message, or a WebAuthn assertion whose challenge is the message. */
export type SignerScheme = 'p256-sha256' | 'webauthn'

/** A key that counts on an account. `publicKey` is x and y, 64 bytes. */
export interface Signer {
  readonly publicKey: Uint8Array
  readonly scheme: SignerScheme
  readonly weight: number
}

/** What an account is made of; its address follows from it where the chain allows that. */
export interface AccountPlan {
  readonly accountId: string
  readonly signers: readonly Signer[]
  readonly threshold: number
}

/** An account as the chain has it, read as deep as its confirmations ask. */
export interface StandingAccount {
  readonly address: string
  readonly signers: readonly Signer[]
  readonly threshold: number
  /** Whether the code is ours, by its bytes, and every signer is of a kind that we know. If not, the rest says nothing. */
  readonly isGenuine: boolean
}

/**
 * What an account is asked to do: a change of its own signers; a `call` to somebody else, which cannot change them; anything
 * else, such as another call to itself or to our contracts, is `other`, and not co-signed.
 */
export type AccountChange =
  | { readonly kind: 'add-signer'; readonly signer: Signer }
  | { readonly kind: 'remove-signer'; readonly publicKey: Uint8Array; readonly scheme?: SignerScheme }
  | { readonly kind: 'call'; readonly target: string; readonly value: bigint; readonly data: Uint8Array }
  | { readonly kind: 'other' }

/** What signers of an account are asked to sign, decoded whole. */
export interface AccountRequest {
  /** What each signer signs with SHA-256: 32 bytes on EVM (the EIP-712 hash), the tagged envelope on Flow. */
  readonly message: Uint8Array
  /** In the order in which it happens; never empty. */
  readonly changes: readonly AccountChange[]
  /** Account that it concerns: the target, and on Flow the only authoriser beside the payer. */
  readonly address: string
  /** By the clock of the chain: what is sent later is refused there. */
  readonly deadline?: Date
  /** Of an envelope on Flow: keys of the account that signatures of its payload are named for; the payer judges those. */
  readonly signedBy?: readonly Uint8Array[]
}

export interface SignatureOf {
  readonly publicKey: Uint8Array
  readonly scheme: SignerScheme
  /** r and s, 64 bytes; of a passkey the encoded assertion. */
  readonly signature: Uint8Array
}

export type TransactionState =
  | { readonly state: 'queued' }
  | { readonly state: 'sent' | 'succeeded' | 'failed'; readonly hash: string }
  /** Given up before anything was sent: out of budget, or refused by the node. */
  | { readonly state: 'refused'; readonly reason: 'budget' | 'rejected' }

/** Who pays: gas is budgeted by app and day. */
export interface Charge {
  readonly appId: string
}

/** Accounts on one chain. Everything that asks a node throws `ChainUnavailable` where it does not answer. */
export interface Chain {
  readonly name: ChainName
  readonly type: ChainType
  readonly chainId: number | undefined
  /** Where a person can look at a transaction. */
  referenceOf(hash: string): string

  /** Pure; `undefined` where the chain gives the address only at deployment. */
  addressOf(plan: AccountPlan): string | undefined
  /**
   * In the caller’s transaction: kept, and sent by a job until it is confirmed, once, whatever crashes. The same plan
   * twice is one deployment. Answers the id of the transaction.
   */
  queueDeployment(tx: Statements, plan: AccountPlan, charge: Charge): Promise<string>
  /** Where a deployed account stands; `undefined` while it does not. */
  deployedAddress(statements: Statements, transactionId: string): Promise<string | undefined>

  /** `undefined`: nothing stands there. */
  readAccount(address: string): Promise<StandingAccount | undefined>

  /**
   * What the app of the person is given to sign, as the wire has it: a Cadence script, or typed data as an object. Good for
   * so many seconds by the clock of the chain, where that can be said; an hour unless told. Several changes happen together
   * or not at all.
   * @throws TypeError for `other`, and for several on Flow; RangeError for the removal of who is no signer.
   */
  describeChange(
    address: string,
    change: AccountChange | readonly AccountChange[],
    validSeconds?: number,
  ): Promise<unknown>
  /**
   * Decodes what a caller wants signed. `undefined`: not whole, not of this chain, not understood, or no longer of any use
   * there, since it was used or came too late. Never signs blind.
   */
  decode(request: unknown): Promise<AccountRequest | undefined>
  /**
   * Keeps a signed request to be relayed at our cost, in the caller’s transaction. The same request twice is one, unless the
   * first came to nothing. Answers the id of the transaction.
   * @throws TypeError where `decode` does not understand it.
   */
  queueRequest(
    tx: Statements,
    request: unknown,
    by: { readonly signatures: readonly SignatureOf[]; readonly charge: Charge },
  ): Promise<string>

  /** Of one that we queued. */
  transaction(statements: Statements, id: string): Promise<TransactionState | undefined>
  /** Of any on the chain, at as many confirmations as are asked. */
  outcomeOf(hash: string): Promise<'unknown' | 'pending' | 'succeeded' | 'failed'>
}

/** The chains that are configured. */
export interface Chains {
  get(name: ChainName): Chain | undefined
  readonly names: readonly ChainName[]
}
