import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { drawFrom, drawSeed, startIdentityOriginal, transplantIdentity, type TwoGuarded } from '../src/index.ts'
import { exchangeIdentity, type IdentityTable, inTurn, prepareExchanges } from './identity-rows.ts'
import { identityPlaceOf, type IdentityWorld, originalPlaceOf, startIdentity } from './identity-storage.ts'
import { combine } from './share-rows.ts'

const randomness = drawFrom(drawSeed())
const repeat = `ATTACK_SEED=${randomness.seed}`

describe(`case 7, transplants of wallets, factors, sessions, signers, on the original’s shape, ${repeat}`, () => {
  it('gives out whatever lies in the row, and believes every factor of it', async () => {
    await using original = await startIdentityOriginal()
    const { wallets, factors } = original.database
    const moves = {
      keychains: async ([a, b]: TwoGuarded) => wallets.swap(a.owner.walletId, b.owner.walletId, ['keychain']),
      seeds: async ([a, b]: TwoGuarded) => factors.swap(a.totp.id, b.totp.id, ['secret']),
    }
    const { foreign } = await transplantIdentity({ place: originalPlaceOf(original), moves, randomness })
    expect(foreign).toEqual(
      expect.arrayContaining(['keychains: their wallet by my id', 'seeds: their wallet, without their TOTP']),
    )
  })
})

describe(`case 7, transplants of wallets, factors, sessions, signers, on identity-storage, ${repeat}`, () => {
  let world: IdentityWorld
  beforeAll(async () => {
    world = await startIdentity()
    await prepareExchanges(world.app)
  })
  afterAll(() => world[Symbol.asyncDispose]())
  const app = { sql: (query: string) => world.app.sql(query) }
  const all = (table: IdentityTable, columns: readonly string[]) =>
    Object.fromEntries(
      combine(columns).map((some) => [`${table}: ${some.join(', ')}`, exchangeIdentity(app, table, some)]),
    )

  it.each([
    ['wallets', () => all('wallets', ['lookup', 'contact', 'account_id', 'contents', 'stamp'])],
    ['passwords', () => all('factors/password', ['ref', 'secret', 'wallet_id'])],
    ['TOTP', () => all('factors/totp', ['ref', 'secret', 'wallet_id', 'priority'])],
    ['sessions', () => all('sessions', ['digest', 'secret', 'wallet_id'])],
    ['signers', () => all('ledger_signers', ['account', 'key', 'stamp', 'role'])],
    ['accounts', () => all('ledger_accounts', ['version'])],
  ])('no exchange of columns of %s gives anybody what is another’s', async (_, moves) => {
    const verdict = await transplantIdentity({ place: identityPlaceOf(world), moves: moves(), randomness })
    expect(verdict).toEqual({ foreign: [], forbidden: [], broken: [] })
  })

  it('nor one of wallets with all that is theirs', async () => {
    const owned = {
      wallet: exchangeIdentity(app, 'wallets', ['lookup', 'contact', 'contents', 'stamp']),
      account: exchangeIdentity(app, 'wallets', ['account_id']),
      password: exchangeIdentity(app, 'factors/password', ['ref', 'secret']),
      totp: exchangeIdentity(app, 'factors/totp', ['ref', 'secret']),
      signers: exchangeIdentity(app, 'ledger_signers', ['key', 'stamp']),
    }
    const names = Object.keys(owned) as (keyof typeof owned)[]
    const moves = Object.fromEntries(
      combine(names).map((some) => [some.join(', '), inTurn(...some.map((name) => owned[name as keyof typeof owned]))]),
    )
    const verdict = await transplantIdentity({ place: identityPlaceOf(world), moves, randomness })
    expect(verdict).toEqual({ foreign: [], forbidden: [], broken: [] })
  }, 180_000)
})
