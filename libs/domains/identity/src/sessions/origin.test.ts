import { sha256, toHex, toUtf8 } from '@strongroom/crypto'
import { column, sql } from '@strongroom/storage'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { type Answered, type IdentityWorld, identityWorld } from '../../test/identity-world.ts'
import { newOwner, newUser, walletBody, type WalletOwner } from '../../test/wallet-owner.ts'
import { openJson } from '../wallets/names.ts'

let world: IdentityWorld
let owner: WalletOwner
beforeAll(async () => {
  world = await identityWorld()
  owner = await newUser(world)
})
afterAll(() => world[Symbol.asyncDispose]())

const row = z.object({ walletId: z.uuid(), secret: column.bytes })

/** What stands in the row of the session that was answered, opened as the service opens it. */
async function recordedIn({ status, body }: Answered): Promise<unknown> {
  expect(status).toBeLessThan(300)
  const { data, included } = body as {
    data: { relationships: { session: { data: { id: string } } } }
    included: { attributes: { encryption_key: string } }[]
  }
  const digest = sha256(toUtf8(data.relationships.session.data.id))
  const { walletId, secret } = await world.sql.one(
    row,
    sql`select wallet_id as "walletId", secret from identity.sessions where digest = ${digest}`,
  )
  const binding = { table: 'identity.sessions', row: toHex(digest), owner: walletId, purpose: 'session' }
  const { encryptionKey, ...origin } = z
    .looseObject({ encryptionKey: z.string() })
    .parse(await openJson(world.hsm, binding, secret))
  expect(encryptionKey).toBe(included[0]?.attributes.encryption_key)
  return origin
}

test.each([
  ['', false],
  ['?public_ip=true', true],
  ['?public_ip=false', false],
  ['?public_ip=', false],
])(
  'a session that is opened with “%s” keeps where it came from, and whether that was said to be public',
  async (query, publicIp) => {
    const opened = await world.ask('GET', `/wallets/${owner.walletId}${query}`)
    expect(await recordedIn(opened)).toEqual({ ip: '127.0.0.1', publicIp })
  },
)

test('the session of a new wallet keeps it as well', async () => {
  const made = await world.ask('POST', '/wallets', { body: walletBody(newOwner()) })
  expect(await recordedIn(made)).toEqual({ ip: '127.0.0.1', publicIp: false })
})

test('what else is said of it is refused', async () => {
  expect((await world.ask('GET', `/wallets/${owner.walletId}?public_ip=yes`)).status).toBe(400)
})
