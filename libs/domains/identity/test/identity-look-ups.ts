import { expect } from 'vitest'
import type { IdentityWorld } from './identity-world.ts'
import type { SigningKey } from './signing-key.ts'

export interface ShownIdentity {
  readonly id: string
  readonly type: string
  readonly attributes: {
    readonly address: string
    readonly email: string | null
    readonly phone_number: string | null
    readonly telegram_username: string | null
    readonly status: string
    readonly passport?: string | null
    readonly updated_at?: string
  }
  readonly relationships: unknown
}

type Asking = Pick<IdentityWorld, 'ask'>

/** Whom a filter finds. */
export async function look(
  world: Asking,
  filter: Readonly<Record<string, string>>,
  by?: SigningKey,
): Promise<readonly ShownIdentity[]> {
  const query = Object.entries(filter).map(([name, value]) => `filter[${name}]=${encodeURIComponent(value)}`)
  const found = await world.ask('GET', `/identities?${query.join('&')}`, { by })
  expect([found.status, found.text]).toEqual([200, expect.any(String)])
  return (found.body as { data: ShownIdentity[] }).data
}

/** The address and status of whom an e-mail address leads to. */
export const byEmail = async (world: Asking, email: string): Promise<readonly (readonly [string, string])[]> =>
  (await look(world, { email })).map(({ attributes }) => [attributes.address, attributes.status] as const)

export const newIdentity = (attributes: object) => ({ data: { type: 'identity', attributes } })

/** Makes an account of nobody's; answers its address. */
export async function makeNobodys(world: Asking, attributes: object): Promise<string> {
  const made = await world.ask('POST', '/identities', { body: newIdentity(attributes) })
  expect([made.status, made.text]).toEqual([200, expect.any(String)])
  return (made.body as { data: ShownIdentity }).data.attributes.address
}

export const signersOf = async ({ ledger }: Pick<IdentityWorld, 'ledger'>, account: string): Promise<string[]> =>
  ((await ledger.signersOf(account)) ?? []).map(({ key }) => key)

/** What proves an address before there is a wallet: as an administrator is given it. */
export async function tokenFor(world: Pick<IdentityWorld, 'ask' | 'admin'>, email: string): Promise<string> {
  const body = { data: { type: 'token-request', attributes: { email } } }
  const given = await world.ask('POST', '/verification', { by: world.admin, body })
  return (given.body as { data: { attributes: { token: string } } }).data.attributes.token
}
