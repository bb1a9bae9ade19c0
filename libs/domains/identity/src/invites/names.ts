import { toBase64url, toHex, toUtf8 } from '@strongroom/crypto'
import type { Keystore } from '@strongroom/hsm'
import { z } from 'zod'
import { openJson, sealJson } from '../wallets/names.ts'
import type { InviteType } from './contract.ts'

/** Who is invited to what: it opens for no other sale, where another owner would read it. */
export interface InvitePlace {
  readonly type: InviteType
  /** Empty: to none. */
  readonly sale: string
  readonly contact: Uint8Array
}

export const bindInvite = ({ type, sale, contact }: InvitePlace) => ({
  table: 'identity.invites',
  row: toHex(contact),
  owner: `${type}/${sale}`,
  purpose: 'email',
})

export const sealEmail = (hsm: Keystore, place: InvitePlace, email: string): Promise<Uint8Array> =>
  sealJson(hsm, bindInvite(place), email)

export const openEmail = async (hsm: Keystore, invite: InvitePlace & { readonly email: Uint8Array }): Promise<string> =>
  z.string().parse(await openJson(hsm, bindInvite(invite), invite.email))

/** TokenD's payload for its web client: `{"type":"invite-verify","meta":{"email","token"}}`, base64url behind the router. */
export function inviteLink(router: URL, meta: { readonly email: string; readonly token: string }): string {
  const payload = { type: 'invite-verify', meta }
  return `${router.href.replace(/\/$/, '')}/${toBase64url(toUtf8(JSON.stringify(payload)))}`
}
