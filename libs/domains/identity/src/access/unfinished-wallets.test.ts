import { Unopenable } from '@strongroom/hsm'
import { sql } from '@strongroom/storage'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type IdentityWorld, identityWorld, ledgerBut } from '../../test/identity-world.ts'
import { newOwner, walletBody } from '../../test/wallet-owner.ts'
import { LedgerUnavailable } from '../ledger/ledger.ts'

let world: IdentityWorld
beforeAll(async () => {
  world = await identityWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

const BATCH = 50

test('wallets that fail each time starve no other', async () => {
  const createAccount = () => Promise.reject(new LedgerUnavailable())
  world.serveWith({ ledger: ledgerBut(world.ledger, { createAccount }) })
  const make = async () => {
    const owner = newOwner()
    expect((await world.ask('POST', '/wallets', { body: walletBody(owner) })).status).toBe(503)
    return owner
  }
  for (let made = 0; made < BATCH; made++) await make()
  await world.sql.run(sql`update identity.wallets set stamp = sha256(stamp)`)
  await world.sql.run(sql`update identity.wallets set created_at = created_at - interval '1 hour'`)
  const last = await make()
  await world.sql.run(sql`update identity.wallets set created_at = created_at - interval '2 minutes'`)
  const sweep = () => world.sweep('identity.finish-creations')
  await expect(sweep()).rejects.toBeInstanceOf(Unopenable)
  await sweep().catch(() => undefined)
  expect((await world.ledger.signersOf(last.account))?.map(({ key }) => key)).toEqual([last.key.id])
})
