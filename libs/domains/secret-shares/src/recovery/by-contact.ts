import type { Keystore } from '@strongroom/hsm'
import type { Limiter, Refusal } from '@strongroom/http'
import { toHex } from '@strongroom/crypto'
import { tooManyRequests } from '../accounts/contract.ts'
import { type Contact, nameContact } from '../accounts/names.ts'
import type { Seen } from '../accounts/store.ts'
import { loginNeeded } from './contract.ts'

export interface LookupDeps {
  readonly hsm: Keystore
  /** `seed`: a contact without a token may ask, as the documents say. `token`: it may not. */
  readonly queryLookup: 'seed' | 'token'
  /** Look-ups without a token, by address and by contact. */
  readonly lookups: { readonly byAddress: Limiter; readonly byContact: Limiter }
}

/** No login has this name: an account is never bound to whoever asks by contact alone. */
const nobody = new Uint8Array(32)

/** Who asks without a token: limited by address and by contact, whether or not there is a record. */
export async function seeByContact(
  { hsm, queryLookup, lookups }: LookupDeps,
  {
    contactMethodType: type,
    contactMethodValue: value,
  }: { contactMethodType?: Contact['type'] | undefined; contactMethodValue?: string | undefined },
  ip: string,
): Promise<Seen | Refusal<'login-needed'> | Refusal<'too-many-requests'>> {
  if (queryLookup === 'token' || type === undefined || value === undefined) return loginNeeded()
  if (await lookups.byAddress.take(ip)) return tooManyRequests()
  const lookup = await nameContact(hsm, { type, value })
  if (await lookups.byContact.take(toHex(lookup))) return tooManyRequests()
  return { lookup, login: nobody }
}

/** The contact of a query, where both halves of it were sent. */
export const contactFrom = ({
  contactMethodType: type,
  contactMethodValue: value,
}: {
  contactMethodType?: Contact['type'] | undefined
  contactMethodValue?: string | undefined
}): Contact | undefined => (type === undefined || value === undefined ? undefined : { type, value })
