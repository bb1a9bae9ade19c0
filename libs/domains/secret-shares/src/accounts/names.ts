import { encodeTuple, fromUtf8, Secret, toHex, toUtf8 } from '@strongroom/crypto'
import type { Binding, Keystore } from '@strongroom/hsm'
import type { Login } from '@strongroom/proofs'

/** MAC keys of the app's token. */
export const CONTACT_USE = 'contact'
export const LOGIN_USE = 'login'
export const RECIPIENT_USE = 'recipient'

const LOOKUP_BYTES = 32

export interface Contact {
  readonly type: 'email' | 'phone'
  readonly value: string
}

/**
 * E-mail before phone, as the original has it, unless the phone is named. A record that came back to its number would else
 * be out of reach of its login, which may have been given an address meanwhile.
 */
export function contactOf({ email, phone }: Login, named?: Contact): Contact {
  const number = { type: 'phone', value: phone ?? '' } as const
  if (email === undefined || (phone !== undefined && named && isSameContact(number, named))) return number
  return { type: 'email', value: email }
}

/** A to Z alone: Unicode lowers the Kelvin sign to a k, and two people's addresses would be one. */
const lower = (text: string): string => text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase())

/** Nothing but case and space is folded: providers differ in the rest. */
export const foldContact = ({ type, value }: Contact): Contact => ({
  type,
  value: type === 'email' ? lower(value.trim()) : value.trim(),
})

export const isSameContact = (one: Contact, other: Contact): boolean =>
  foldContact(one).type === foldContact(other).type && foldContact(one).value === foldContact(other).value

async function lookupOf(hsm: Keystore, use: string, message: Uint8Array): Promise<Uint8Array> {
  const mac = await hsm.mac(use, message)
  return mac.subarray(0, LOOKUP_BYTES)
}

/** What a contact is called in the database: a MAC, so that a dump names nobody. */
export function nameContact(hsm: Keystore, contact: Contact): Promise<Uint8Array> {
  const { type, value } = foldContact(contact)
  return lookupOf(hsm, CONTACT_USE, encodeTuple(type, value))
}

/** Of a contact: a row that was moved to another record fits no login there, and no MAC can be made without the token. */
export function nameLogin(
  hsm: Keystore,
  { issuer, subject }: Pick<Login, 'issuer' | 'subject'>,
  contact: Contact,
): Promise<Uint8Array> {
  const { type, value } = foldContact(contact)
  return lookupOf(hsm, LOGIN_USE, encodeTuple(issuer, subject, type, value))
}

/** Whom a message counts against: another MAC than finds the record, so that counters lead to none. */
export const nameRecipient = (hsm: Keystore, contact: Contact): Promise<Uint8Array> => {
  const { type, value } = foldContact(contact)
  return lookupOf(hsm, RECIPIENT_USE, encodeTuple(type, value))
}

/**
 * The mailbox that counts against caps: what stands behind a `+` is most often the owner's own to choose, and any number of
 * such addresses is one person. Never the name of anything that a code proves.
 */
export const nameMailbox = (hsm: Keystore, email: string): Promise<Uint8Array> =>
  nameRecipient(hsm, { type: 'email', value: email.replace(/\+[^@]*(?=@)/, '') })

/** The record that a sealed value belongs to. */
export interface Place {
  readonly accountId: string
  /** Of `ownerOf`. */
  readonly owner: string
}

/** A row moved under another contact or another DID has another owner, and does not open there. */
export const ownerOf = ({ lookup, primaryDid }: { lookup: Uint8Array; primaryDid: string }): string =>
  `${toHex(lookup)}/${primaryDid}`

const PURPOSES = {
  'auth-share': 'secret_shares.shares',
  'recovery-share': 'secret_shares.recovery_methods',
  contact: 'secret_shares.accounts',
  'recovery-email': 'secret_shares.accounts',
  'pending-email': 'secret_shares.pending_emails',
  upgrade: 'secret_shares.upgrades',
} as const

/** What is sealed, and which of several: a share's version, a method's type and slot. */
export interface Kept {
  readonly purpose: keyof typeof PURPOSES
  readonly which?: string
}

export const bindValue = ({ accountId, owner }: Place, { purpose, which = '' }: Kept): Binding => ({
  table: PURPOSES[purpose],
  row: which === '' ? accountId : `${accountId}/${which}`,
  owner,
  purpose,
})

export const sealValue = (hsm: Keystore, place: Place, kept: Kept & { value: unknown }): Promise<Uint8Array> =>
  hsm.seal(new Secret(toUtf8(JSON.stringify(kept.value))), bindValue(place, kept))

/** Throws `Unopenable` for what belongs elsewhere. */
export async function openValue(hsm: Keystore, place: Place, kept: Kept & { envelope: Uint8Array }): Promise<unknown> {
  const opened = await hsm.open(kept.envelope, bindValue(place, kept))
  try {
    return JSON.parse(fromUtf8(opened.expose())) as unknown
  } finally {
    opened.wipe()
  }
}

export const openText = async (...of: Parameters<typeof openValue>): Promise<string> => String(await openValue(...of))
