import { encodeTuple, fromUtf8, Secret, toHex, toUtf8, type TuplePart } from '@strongroom/crypto'
import type { Binding, Keystore } from '@strongroom/hsm'

/** MAC keys of the app's token. */
export const WALLET_USE = 'wallet'
export const CONTACT_USE = 'contact'
export const STAMP_USE = 'stamp'
export const VERIFICATION_USE = 'verification'
export const RECIPIENT_USE = 'recipient'

const HALF = 32

const half = async (hsm: Keystore, use: string, message: Uint8Array): Promise<Uint8Array> =>
  (await hsm.mac(use, message)).subarray(0, HALF)

/** What a wallet is called in the database. */
export const nameWallet = (hsm: Keystore, walletId: string): Promise<Uint8Array> =>
  half(hsm, WALLET_USE, encodeTuple('wallet', walletId))

/** A to Z alone: Unicode lowers the Kelvin sign to a k, and two people's addresses would be one. */
export const foldAddress = (email: string): string => email.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase())

/** What an address is called in the database. */
export const nameContact = (hsm: Keystore, email: string): Promise<Uint8Array> =>
  nameIdentifier(hsm, 'email', foldAddress(email))

/** The same for whatever else somebody is found by; folded by the caller. */
export const nameIdentifier = (hsm: Keystore, kind: string, folded: string): Promise<Uint8Array> =>
  half(hsm, CONTACT_USE, encodeTuple(kind, folded))

/** Whom a message counts against: what stands behind a `+` is the owner's own to choose. */
export const nameMailbox = (hsm: Keystore, email: string): Promise<Uint8Array> =>
  half(hsm, RECIPIENT_USE, encodeTuple('email', foldAddress(email).replace(/\+[^@]*(?=@)/, '')))

export const namePhone = (hsm: Keystore, phone: string): Promise<Uint8Array> =>
  half(hsm, RECIPIENT_USE, encodeTuple('phone', phone))

/** Ties public facts together: whoever can write the tables cannot make one. */
export const stampOf = (hsm: Keystore, ...facts: readonly TuplePart[]): Promise<Uint8Array> =>
  half(hsm, STAMP_USE, encodeTuple(...facts))

/**
 * What a signature that was seen is called. By the token's MAC: the target that it covers may hold a wallet's id, which a
 * password gives, and its plain digest would let passwords be tried on a dump.
 */
export const nameSignature = (hsm: Keystore, digest: Uint8Array): Promise<Uint8Array> =>
  stampOf(hsm, 'signature', digest)

/** The text of a link, which is all that its receiver has to show. */
export const linkToken = async (hsm: Keystore, ...facts: readonly TuplePart[]): Promise<string> =>
  toHex(await half(hsm, VERIFICATION_USE, encodeTuple(...facts)))

/** Which wallet a sealed value belongs to. */
export interface Place {
  readonly id: string
  readonly lookup: Uint8Array
  readonly contact: Uint8Array
  readonly accountId: string
}

/** Contents that were moved to another row, or under another id, address or account, do not open there. */
export const ownerOf = ({ lookup, contact, accountId }: Omit<Place, 'id'>): string =>
  `${accountId}/${toHex(lookup)}/${toHex(contact)}`

export const sealJson = (hsm: Keystore, binding: Binding, value: unknown): Promise<Uint8Array> =>
  hsm.seal(new Secret(toUtf8(JSON.stringify(value))), binding)

/** Throws `Unopenable` for what belongs elsewhere. */
export async function openJson(hsm: Keystore, binding: Binding, envelope: Uint8Array): Promise<unknown> {
  const opened = await hsm.open(envelope, binding)
  try {
    return JSON.parse(fromUtf8(opened.expose())) as unknown
  } finally {
    opened.wipe()
  }
}
