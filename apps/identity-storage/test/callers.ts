import { randomBytes } from 'node:crypto'
import { operators } from '@strongroom/identity'
import type { Signer } from '@strongroom/identity-client'
import { openDatabase } from '@strongroom/storage'
import { expect } from 'vitest'
import { withToken } from './app-token.ts'
import type { World } from './client.ts'
import { follow } from './mails.ts'
import { newOwner, newWallet, type Owner } from './owners.ts'
import { recover } from './recoveries.ts'

export const callers = ['unsigned', 'stranger', 'owner', 'recovering', 'sale owner', 'admin'] as const
export type Caller = (typeof callers)[number]

/** A person, and the keys of everybody who may ask about them. */
export interface People {
  readonly owner: Owner
  /** The owner's wallet, as its recovery left it. */
  readonly found: Owner
  /** A sale of the sale owner's. */
  readonly sale: string
  readonly keys: Readonly<Record<Caller, Signer | undefined>>
}

export const newUser = async (world: World): Promise<Owner> => {
  const owner = await newWallet(world, newOwner())
  await follow(world, owner.email)
  return owner
}

/** A person with a wallet, a key that recovery let in there, somebody else, and somebody who sells. */
export async function newPeople(world: World): Promise<People> {
  const [owner, stranger, seller] = await Promise.all([1, 2, 3].map(() => newUser(world)))
  if (!owner || !stranger || !seller) throw new Error('nobody signed up')
  const { found, answer } = await recover(world, owner)
  expect([answer.status, answer.text]).toEqual([200, expect.any(String)])
  return {
    owner,
    found,
    sale: await newSale(world, seller),
    keys: {
      unsigned: undefined,
      stranger: stranger.signer,
      owner: owner.signer,
      recovering: found.signer,
      'sale owner': seller.signer,
      admin: world.admin,
    },
  }
}

/** A sale on the embedded ledger, as an operator keeps it there. */
export async function newSale({ app }: Pick<World, 'app'>, { accountId }: Pick<Owner, 'accountId'>): Promise<string> {
  const id = randomBytes(8).toString('hex')
  const database = openDatabase({ connectionString: app.database.url, connections: 1 })
  try {
    expect(await withToken(app, (hsm) => operators.keepSale({ database, hsm }, { id, owner: accountId }))).toBe(true)
  } finally {
    await database.close()
  }
  return id
}
