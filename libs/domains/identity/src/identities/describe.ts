import type { Keystore } from '@strongroom/hsm'
import { type Contents, openIdentity } from './names.ts'
import type { IdentityResource } from './shapes.ts'
import type { Identity } from './store.ts'

/** What of an identity decides how it is shown. */
export type Described = Pick<Identity, 'id' | 'address' | 'status'>

/** To anybody: of what they did not name themselves, they are told whose account it is and no more. */
export const describeTo = ({ id, address, status }: Described, named: Contents): IdentityResource => ({
  id,
  type: 'identity',
  attributes: {
    address,
    email: named.email ?? null,
    phone_number: named.phone ?? null,
    telegram_username: named.telegram ?? null,
    status,
  },
  relationships: { account: { links: { related: `/v3/accounts/${address}` } } },
})

/** To its owner and administrators. */
export async function describeFull(hsm: Keystore, identity: Identity): Promise<IdentityResource> {
  const contents = await openIdentity(hsm, identity)
  const shown = describeTo(identity, contents)
  const more = { passport: contents.passport ?? null, updated_at: identity.updatedAt.toISOString() }
  return { ...shown, attributes: { ...shown.attributes, ...more } }
}
