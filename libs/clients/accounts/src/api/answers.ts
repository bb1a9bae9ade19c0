import type { PasskeyRegistration } from '../make-passkey.ts'

export type ChainName =
  | 'flow-mainnet'
  | 'flow-testnet'
  | 'ethereum-mainnet'
  | 'ethereum-goerli'
  | 'ethereum-sepolia'
  | 'polygon-mainnet'
  | 'polygon-mumbai'
  | 'polygon-amoy'
  | 'local'

/** Who somebody is, as a login provider says. */
export interface Login {
  readonly method: 'firebase' | 'apple' | 'test'
  readonly token: string
  readonly chainName?: ChainName
  /** What the provider was had to put into the token. */
  readonly nonce?: string
  /** Of a redirect code: RFC 7636. */
  readonly codeVerifier?: string
  /** Of a redirect code: where it was sent, if the server knows several places. */
  readonly redirectUri?: string
}

export interface DeviceFields {
  readonly pushToken?: string | null
  readonly name?: string
  readonly osName?: string
  readonly osVersion?: string
  readonly deviceManufacturer?: string
  readonly deviceModel?: string
  readonly sdkVersion?: string
  readonly lang?: string
  readonly type?: 'mobile' | 'tablet' | 'desktop' | 'unknown'
}

/** A key that is to sign for the account: 128 hex digits, x and y. */
export type NewKey =
  | { readonly type: 'device'; readonly publicKey: string; readonly device?: DeviceFields }
  | {
      readonly type: 'passkey'
      readonly publicKey: string
      readonly passKey?: { readonly platform: 'android' | 'ios' | 'web' }
      /** How it was made: then the server knows its id, and asks for no other. */
      readonly registration?: PasskeyRegistration
      readonly device?: DeviceFields
    }

export interface AddressOfAccount {
  readonly address: string
  readonly chainName: ChainName
  readonly chainId: number | null
  readonly chainType: 'evm' | 'cadence'
}

export interface Account {
  readonly id: string
  readonly addresses: readonly AddressOfAccount[]
  readonly createdAt: string
  readonly updatedAt: string
}

export interface Credentials {
  readonly accessToken: string
  readonly refreshToken: string
}

export interface SignedIn {
  readonly account: Account
  readonly credentials: Credentials
  /** The deployment, once it was sent. */
  readonly transaction: { readonly id: string; readonly chainName: string; readonly refUrl: string } | null
}

export interface Challenge {
  readonly challengeData: string
  readonly expiresAt: string
  /** Which passkey is asked, where its id is known. */
  readonly allowCredentials?: readonly { readonly id: string }[]
}

export interface Device extends Readonly<Record<keyof DeviceFields, string | null>> {
  readonly id: string
  readonly publicKey: string
}

export interface Key {
  readonly publicKey: string
  readonly type: 'user-key' | 'recover-key' | 'server-key'
  readonly state: 'pending' | 'active' | 'revoked'
  readonly keyIndex: number
  readonly lastUsedAt: string | null
}

export interface TwoFactorAuth {
  readonly id: string
  readonly accountId: string
  readonly request: {
    readonly userOpInfo: { readonly type: 'sign-in'; readonly signIn: { email: string | null; ip: string | null } }
    readonly srcDevice: Device
    /** To who waits, its id alone. */
    readonly destDevice: (Omit<Device, 'publicKey'> & { readonly publicKey: string | null }) | null
    readonly requestedAt: string
    /** JSON of what the approving device is to sign. */
    readonly message: string
  }
  readonly status: 'pending' | 'approved' | 'denied' | 'expired'
  readonly expiresAt: string
  readonly result?: { readonly txId: string }
}

/** A change of an account’s signers that waits: for another device’s approval, or until it opens. */
export interface Change {
  readonly id: string
  readonly chainName: ChainName
  readonly changes: readonly { readonly kind: 'add-signer' | 'remove-signer'; readonly publicKey: string }[]
  /** SHA-256 of what is changed, in hex: an approving device signs this text. */
  readonly digest: string
  readonly state: 'held' | 'approved' | 'signed' | 'cancelled' | 'lapsed'
  readonly opensAt: string | null
}

/** A change of signers as the chain takes it now: the server’s word, which whoever signs reads first. */
export interface Described {
  readonly chainName: ChainName
  /** JSON text: `{"evm":…}`, or `{"cadence":…}`. */
  readonly message: string
}

export interface Relayed {
  readonly id: string
  readonly chainName: ChainName
  readonly state: 'queued' | 'sent' | 'succeeded' | 'failed' | 'refused'
  readonly txId: string | null
}

/** A device that the recovery key is to let in; every device of the account may cancel it while it is held. */
export interface Recovery {
  readonly id: string
  readonly state: 'open' | 'held' | 'done' | 'cancelled' | 'expired'
  readonly chainName: ChainName | null
  /** Public key of the device. */
  readonly newKey: string | null
  readonly opensAt: string | null
  readonly requestedAt: string
}
