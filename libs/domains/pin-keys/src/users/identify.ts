import { encodeTuple, equalBytes, Secret, toHex, toUtf8, fromUtf8 } from '@strongroom/crypto'
import type { Binding, Keystore, VersionedMac } from '@strongroom/hsm'
import type { SendAsked, SendCaps } from '@strongroom/notify'
import type { Database } from '@strongroom/storage'
import { findUser, type UserRow } from './store.ts'
import type { UserAddress } from './user-id.ts'

/** MAC keys of the app's token. */
export const USER_ID_USE = 'user-id'
export const RECIPIENT_USE = 'recipient'

const LOOKUP_BYTES = 32

/** What an address may be found by under a key: a MAC, other for each key, so that nothing links people across keys. */
export interface UserFinders {
  /** By every version of the MAC key, the newest first. */
  readonly all: readonly Uint8Array[]
  /** What is written now. */
  readonly current: { readonly finder: Uint8Array; readonly version: number }
}

export interface NamedUser {
  readonly finders: UserFinders
  /** Its row, where it has one. */
  readonly known: UserRow | undefined
  /** Whom codes and guesses are counted for, in hex: what it was first found by, whatever it is found by now. */
  readonly subject: string
}

/**
 * Two HSM calls and one statement, whether there is such a user or not, and whichever version has made its row. A name that
 * nothing vouches for was put there by somebody else: that row is nobody's.
 */
export async function nameUser(
  { hsm, database }: { hsm: Keystore; database: Database },
  keyId: string,
  address: UserAddress,
): Promise<NamedUser> {
  const macs = await hsm.macs(USER_ID_USE, messageOf(keyId, address))
  const all = macs.map(halfOf)
  const found = await findUser(database.reading, keyId, all)
  const current = currentOf(macs)
  const own = toHex(halfOf(current))
  const stamps = await hsm.macs(USER_ID_USE, stampedOf(keyId, address, found?.subject ?? own))
  const isOwn = all.some((one) => toHex(one) === found?.subject)
  const isStamped = stamps.some((one) => equalBytes(halfOf(one), found?.stamp ?? NO_STAMP))
  const known = isOwn || isStamped ? found : undefined
  return {
    finders: { all, current: { finder: halfOf(current), version: current.version } },
    known,
    subject: known?.subject ?? own,
  }
}

const NO_STAMP = new Uint8Array()

export interface UserIndex {
  readonly finder: Uint8Array
  readonly stamp: Uint8Array
  readonly version: number
}

/** What a user of that name is found by from now on. */
export async function indexUser(hsm: Keystore, place: Omit<ContactPlace, 'userId'>, address: UserAddress) {
  const { keyId, subject } = place
  const current = currentOf(await hsm.macs(USER_ID_USE, messageOf(keyId, address)))
  const stamps = await hsm.macs(USER_ID_USE, stampedOf(keyId, address, subject))
  const stamp = stamps.find(({ version }) => version === current.version)
  // Another version became the current one in between: the next pass finds the row again.
  if (stamp === undefined) return undefined
  return { finder: halfOf(current), stamp: halfOf(stamp), version: current.version } satisfies UserIndex
}

const messageOf = (keyId: string, { folded }: UserAddress): Uint8Array => encodeTuple(keyId, folded)

const stampedOf = (keyId: string, { folded }: UserAddress, subject: string): Uint8Array =>
  encodeTuple('name', keyId, folded, subject)

const halfOf = ({ mac }: VersionedMac): Uint8Array => mac.subarray(0, LOOKUP_BYTES)

function currentOf(macs: readonly VersionedMac[]): VersionedMac {
  const found = macs.find(({ isCurrent }) => isCurrent)
  if (found === undefined) throw new TypeError('one version of a MAC key is the current one')
  return found
}

const PREFIX_LENGTH = 6

/**
 * What a code to a new address counts against: a MAC of the address under another key, the same for all keys, the
 * number's prefix, and all sends of the channel.
 */
export async function countSend(hsm: Keystore, { channel, folded }: UserAddress, caps: Caps): Promise<SendAsked> {
  const recipient = await hsm.mac(RECIPIENT_USE, encodeTuple(folded))
  const asked = { channel, caps: caps[channel], recipient }
  return channel === 'sms' ? { ...asked, prefix: folded.slice(0, PREFIX_LENGTH) } : asked
}

const RESETS_PER_DAY = 40
const ANY = 1_000_000

/**
 * What a code for a reset counts against: its own count of the address alone. Strangers can add an address to keys of
 * theirs and use up what new addresses are sent; what a verified user is sent must not depend on them.
 */
export async function countResetSend(hsm: Keystore, { channel, folded }: UserAddress): Promise<SendAsked> {
  const recipient = await hsm.mac(RECIPIENT_USE, encodeTuple('reset', folded))
  return { channel, caps: { recipientPerDay: RESETS_PER_DAY, channelPerDay: ANY }, recipient }
}

export interface Caps {
  readonly email: SendCaps
  readonly sms: SendCaps
}

/** Bound to the name as well: a code for one user cannot be sent to the address of another. */
export const bindContact = ({ keyId, userId, subject }: ContactPlace): Binding => ({
  table: 'pin_keys.users',
  row: userId,
  owner: `${keyId}/${subject}`,
  purpose: 'contact',
})

export interface ContactPlace {
  readonly keyId: string
  readonly userId: string
  /** Of `nameUser`. */
  readonly subject: string
}

export const sealContact = (hsm: Keystore, place: ContactPlace, { typed }: UserAddress): Promise<Uint8Array> =>
  hsm.seal(new Secret(toUtf8(typed)), bindContact(place))

/** Throws `Unopenable` for a contact of another user. */
export async function openContact(hsm: Keystore, place: ContactPlace, contact: Uint8Array): Promise<string> {
  const opened = await hsm.open(contact, bindContact(place))
  return fromUtf8(opened.expose())
}
