import { Secret } from '@strongroom/crypto'
import type { KdfParameters } from '../wallet-keys.ts'
import { type JsonApiDocument, relatedTo, type Resource } from './document.ts'

export interface Wallet {
  readonly id: Secret
  /** `G…`: the account that was made with the wallet, whoever signs for it now. */
  readonly accountId: string
  /** As the server has it, where it says. */
  readonly email?: string | undefined
  /** Encrypted: `openKeychain`. */
  readonly keychainData: string
  /** Whether the mail's link was followed. A session says nothing of it. */
  readonly isVerified: boolean
  /** Of a wallet that was made or opened; TokenD's own server makes none for one that is not verified, this one does. */
  readonly session?: Session | undefined
}

export interface Session {
  /** Who has it may read the session. */
  readonly id: Secret
  /** ISO 8601; every reading puts it off. */
  readonly expiresAt: string
  /** 32 bytes in hex: for what the app keeps on this device while the session lasts. */
  readonly encryptionKey: Secret
}

export interface Factor {
  readonly id: string
  /** `password`, `totp`, `email`, `phone`, `telegram`. */
  readonly type: string
  /** 0: not enabled. The highest is asked first. */
  readonly priority: number
}

export interface NewTotp {
  readonly id: string
  /** Base32. */
  readonly secret: Secret
  /** `otpauth://totp/…`, for a QR code. */
  readonly uri: Secret
}

type Read<Answer> = (document: JsonApiDocument | undefined) => Answer | undefined

/** Of calls whose answer is empty. */
export const readNothing: Read<true> = (document) => document && true

export const readDocumentItself: Read<JsonApiDocument> = (document) => document

export const readKdf: Read<KdfParameters> = (document) => {
  const [kdf] = document?.data ?? []
  if (kdf?.type !== 'kdf') return undefined
  const { algorithm, bits, n, r, p, salt } = kdf.attributes
  const numbers = { version: Number(kdf.id), bits, n, r, p }
  if (typeof algorithm !== 'string' || !areNumbers(numbers)) return undefined
  return { ...numbers, algorithm, ...(typeof salt === 'string' && salt !== '' && { salt }) }
}

export const readWallet: Read<Wallet> = (document) => {
  const [wallet] = document?.data ?? []
  if (!document || !wallet || wallet.id === '') return undefined
  const { account_id: accountId, email, keychain_data: keychainData, verified } = wallet.attributes
  if (typeof accountId !== 'string' || typeof keychainData !== 'string') return undefined
  const session = relatedTo(wallet, 'session', document)
  return {
    id: new Secret(wallet.id),
    accountId,
    email: typeof email === 'string' ? email : undefined,
    keychainData,
    isVerified: verified === true,
    session: session && sessionOf(session),
  }
}

export const readSession: Read<Session> = (document) => document?.data[0] && sessionOf(document.data[0])

export const readFactors: Read<readonly Factor[]> = (document) =>
  document?.data.map(({ id, type, attributes: { priority } }) => ({
    id,
    type,
    priority: typeof priority === 'number' ? priority : 0,
  }))

export const readNewTotp: Read<NewTotp> = (document) => {
  const [factor] = document?.data ?? []
  const { secret, seed } = factor?.attributes ?? {}
  if (!factor || factor.id === '' || typeof secret !== 'string' || typeof seed !== 'string') return undefined
  return { id: factor.id, secret: new Secret(secret), uri: new Secret(seed) }
}

/** A value of the ledger's settings: `signer_role:default` and the like. */
export const readKeyValue: Read<number> = (document) => {
  const { value } = document?.data[0]?.attributes ?? {}
  const { u32, u64 } = (value ?? {}) as { u32?: unknown; u64?: unknown }
  const found = Number(u32 ?? u64 ?? Number.NaN)
  return Number.isSafeInteger(found) ? found : undefined
}

function sessionOf({ id, attributes }: Resource): Session | undefined {
  const { expires_at: expiresAt, encryption_key: encryptionKey } = attributes
  if (id === '' || typeof expiresAt !== 'string' || typeof encryptionKey !== 'string') return undefined
  return { id: new Secret(id), expiresAt, encryptionKey: new Secret(encryptionKey) }
}

const areNumbers = <Name extends string>(values: Record<Name, unknown>): values is Record<Name, number> =>
  Object.values(values).every((value) => typeof value === 'number')
