import { randomUuid } from '@strongroom/crypto'
import { sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'
import type { IdentityDeps } from '../wallets/deps.ts'
import {
  changeState,
  type Factor,
  type FactorType,
  findWalletById,
  type Wallet,
  WalletContended,
} from '../wallets/store.ts'

/** Answers its number. */
export async function insertFactor(
  tx: Statements,
  { walletId, ref, type, priority, secret }: NewFactor,
): Promise<number> {
  const { id } = await tx.one(
    z.object({ id: z.int() }),
    sql`insert into identity.factors (wallet_id, ref, type, priority, secret)
        values (${walletId}, ${ref}, ${type}, ${priority}, ${secret ?? null}) returning id`,
  )
  return id
}

interface NewFactor {
  readonly walletId: string
  readonly ref: string
  readonly type: FactorType
  readonly priority: number
  readonly secret?: Uint8Array
}

/** A factor that sends codes needs a row, though nobody prepared it: recovery demands it of everybody. */
export async function ensureFactor(
  deps: Pick<IdentityDeps, 'database' | 'hsm' | 'random'>,
  wallet: Wallet,
  type: 'email' | 'phone' | 'telegram',
): Promise<Factor> {
  const known = wallet.factors.find((factor) => factor.type === type)
  if (known) return known
  return changeState<Factor, never>(
    deps,
    () => findWalletById(deps, wallet.id),
    (current) => {
      // Deleted since it was found: asked again, there is none.
      if (!current) return Promise.reject(new WalletContended())
      const made = current.factors.find((factor) => factor.type === type)
      if (made) return Promise.resolve({ next: {}, work: () => Promise.resolve(made) })
      const factor = { ref: randomUuid(deps.random), type, priority: 0 }
      return Promise.resolve({
        next: { factors: [...current.factors, factor] },
        work: async (tx: Statements) => ({ ...factor, id: await insertFactor(tx, { walletId: wallet.id, ...factor }) }),
      })
    },
  )
}
