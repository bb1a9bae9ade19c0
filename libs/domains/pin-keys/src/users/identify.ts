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

/** What a send counts against: a MAC of the address under another key, the same for all keys, and the number's prefix. */
export async function countSend(hsm: Keystore, { channel, folded }: UserAddress, caps: Caps): Promise<SendAsked> {
  const recipient = await hsm.mac(RECIPIENT_USE, encodeTuple(folded))
  const asked = { channel, caps: caps[channel], recipient }
  return channel === 'sms' ? { ...asked, prefix: folded.slice(0, PREFIX_LENGTH) } : asked
}

export interface Caps {
  readonly email: SendCaps
  readonly sms: SendCaps
}

const bindContact = (keyId: string, userId: string): Binding => ({
  table: 'pin_keys.users',
  row: userId,
  owner: keyId,
  purpose: 'contact',
})

export const sealContact = (
  hsm: Keystore,
  { keyId, userId }: { keyId: string; userId: string },
  { typed }: UserAddress,
) => hsm.seal(new Secret(toUtf8(typed)), bindContact(keyId, userId))

export async function openContact(
  hsm: Keystore,
  { keyId, userId, contact }: { keyId: string; userId: string; contact: Uint8Array },
) {
  const opened = await hsm.open(contact, bindContact(keyId, userId))
  return fromUtf8(opened.expose())
}
