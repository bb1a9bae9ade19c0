import { encodeTuple, Secret, toHex, toUtf8, fromUtf8 } from '@strongroom/crypto'
import type { Binding, Keystore } from '@strongroom/hsm'
import type { SendAsked, SendCaps } from '@strongroom/notify'
import type { UserAddress } from './user-id.ts'

/** MAC keys of the app's token. */
export const USER_ID_USE = 'user-id'
export const RECIPIENT_USE = 'recipient'

const LOOKUP_BYTES = 32

export interface UserName {
  /** Finds the row. */
  readonly lookup: Uint8Array
  /** The same in hex: whom codes and guesses are counted for. */
  readonly subject: string
}

/** What an address is called under a key: a MAC, other for each key, so that nothing links people across keys. */
export async function nameUser(hsm: Keystore, keyId: string, { folded }: UserAddress): Promise<UserName> {
  const mac = await hsm.mac(USER_ID_USE, encodeTuple(keyId, folded))
  const lookup = mac.subarray(0, LOOKUP_BYTES)
  return { lookup, subject: toHex(lookup) }
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
