import { sql } from '@strongroom/storage'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  asking,
  elsewhere,
  type Holder,
  moving,
  newHolder,
  newTaker,
  passing,
  recover,
  recovering,
  restoring,
} from '../../test/changing.ts'
import { type IdentityWorld, identityWorld, ledgerBut } from '../../test/identity-world.ts'
import { ledgerSigner } from '../../test/ledger-world.ts'
import { newKey } from '../../test/recovery-steps.ts'
import { verify, type WalletOwner } from '../../test/wallet-owner.ts'
import { LedgerUnavailable } from '../ledger/ledger.ts'

let world: IdentityWorld
beforeAll(async () => {
  world = await identityWorld()
})
afterAll(() => world[Symbol.asyncDispose]())
beforeEach(() => world.serveWith(world.deps))

const move = async (of: WalletOwner, next = elsewhere(of)) =>
  (await passing(world, moving(of, next), { password: of.password })).answer
const recoverAgain = async (owner: WalletOwner) =>
  (await passing(world, recovering(newTaker(owner)), { email: owner.email })).answer.status
const opens = async ({ walletId }: WalletOwner) => (await world.ask('GET', `/wallets/${walletId}`)).status

describe('the address of a wallet that was recovered', () => {
  test('stays the owner’s while the key waits to be approved, whatever password the wallet has', async () => {
    const owner = await newHolder(world)
    const thief = await recover(world, owner)
    expect((await move(thief)).status).toBe(409)
    const again = await recover(world, owner)
    expect([await opens(thief), await opens(again)]).toEqual([404, 200])
    expect((await move(again)).status).toBe(409)
    expect((await asking(world, restoring(owner))).status).toBe(200)
    expect((await move(owner)).status).toBe(204)
  })

  test('stays so when what was replaced is kept no more', async () => {
    const owner = await newHolder(world)
    const thief = await recover(world, owner)
    await world.sql.run(sql`delete from identity.holds where signer = ${thief.key.id}`)
    expect((await move(thief)).status).toBe(409)
  })

  test('stays so when the recovery was refused: the key is gone, the password is not the owner’s', async () => {
    const owner = await newHolder(world)
    const thief = await recover(world, owner)
    await world.ledger.cancelKycRecovery({ account: owner.account, signer: thief.key.id })
    expect((await move(thief)).status).toBe(409)
    expect((await asking(world, restoring(owner))).status).toBe(200)
  })

  test('moves once the ledger has the key as an owner’s', async () => {
    const owner = await newHolder(world)
    const found = await recover(world, owner)
    const signersOf = () => Promise.resolve([ledgerSigner({ keyId: found.key.id })])
    world.serveWith({ ledger: ledgerBut(world.ledger, { signersOf }) })
    const next = elsewhere(found)
    expect((await move(found, next)).status).toBe(204)
    expect((await verify(world, next)).status).toBe(204)
    expect(await opens(next)).toBe(200)
  })

  test('does not move by a link from before, while the ledger has let a key in', async () => {
    const owner = await newHolder(world)
    const next = elsewhere(owner)
    expect((await move(owner, next)).status).toBe(204)
    const key = newKey().keyId
    expect(await world.ledger.beginKycRecovery({ account: owner.account, signer: key })).toBe('begun')
    expect((await verify(world, next)).status).toBe(409)
    await world.ledger.cancelKycRecovery({ account: owner.account, signer: key })
    expect((await verify(world, next)).status).toBe(204)
  })
})

describe('a recovery that ends while the wallet is brought back', () => {
  test('leaves no key on the ledger', async () => {
    const owner = await newHolder(world)
    const first = await recover(world, owner)
    let late: Holder | undefined
    const ledger = ledgerBut(world.ledger, {
      async cancelKycRecovery(wish) {
        const cancelled = await world.ledger.cancelKycRecovery(wish)
        if (wish.signer === first.key.id) late ??= await recover(world, owner)
        return cancelled
      },
    })
    world.serveWith({ ledger })
    expect((await asking(world, restoring(owner))).status).toBe(200)
    expect(late).toBeDefined()
    expect((await world.ledger.signersOf(owner.account))?.map(({ key }) => key)).toEqual([owner.key.id])
    expect(await opens(owner)).toBe(200)
  })

  test('and has let its key in, is none of the wallet’s any more', async () => {
    const owner = await newHolder(world)
    await recover(world, owner)
    const away = ledgerBut(world.ledger, {
      async beginKycRecovery(wish) {
        await world.ledger.beginKycRecovery(wish)
        throw new LedgerUnavailable()
      },
    })
    world.serveWith({ ledger: away })
    expect(await recoverAgain(owner)).toBe(503)
    world.serveWith(world.deps)
    expect((await asking(world, restoring(owner))).status).toBe(200)
    await world.sql.run(sql`update identity.changes set tried_at = strongroom.now() - interval '2 minutes'`)
    await world.sweep('identity.finish-changes')
    expect((await world.ledger.signersOf(owner.account))?.map(({ key }) => key)).toEqual([owner.key.id])
    expect(await opens(owner)).toBe(200)
  })

  test('and lets its key in only then, takes it back', async () => {
    const owner = await newHolder(world)
    await recover(world, owner)
    const late = ledgerBut(world.ledger, {
      async beginKycRecovery(wish) {
        world.serveWith(world.deps)
        expect((await asking(world, restoring(owner))).status).toBe(200)
        return world.ledger.beginKycRecovery(wish)
      },
    })
    world.serveWith({ ledger: late })
    expect(await recoverAgain(owner)).toBe(409)
    expect((await world.ledger.signersOf(owner.account))?.map(({ key }) => key)).toEqual([owner.key.id])
    expect(await opens(owner)).toBe(200)
  })
})
