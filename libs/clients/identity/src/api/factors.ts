import { type Secret } from '@strongroom/crypto'
import { type Factor, type NewTotp, readFactors, readNewTotp, readNothing } from './answers.ts'
import type { FactorDemand } from './error.ts'
import { type Account, path, type Transport } from './transport.ts'

/** A wallet, and whose it is. */
export interface WalletOwner extends Account {
  readonly id: Secret
}

export type FactorsApi = ReturnType<typeof factorsApi>

/** `/wallets/{id}/factors`. */
export const factorsApi = (transport: Transport) => ({
  /** The highest priority first. */
  list: (wallet: WalletOwner): Promise<readonly Factor[]> =>
    transport.send({ method: 'GET', path: path`/wallets/${wallet.id}/factors`, by: wallet, read: readFactors }),

  /** Makes one that is not enabled; `setPriority` enables it. Demands the password. */
  createTotp: (wallet: WalletOwner): Promise<NewTotp> =>
    transport.send({
      method: 'POST',
      path: path`/wallets/${wallet.id}/factors`,
      body: { data: { type: 'totp' } },
      by: wallet,
      read: readNewTotp,
    }),

  /** Demands the factor itself, and the first of those enabled before it where another than TOTP takes its place; 0 disables it. */
  setPriority: async (wallet: WalletOwner, factorId: string, priority: number): Promise<void> => {
    await transport.send({
      method: 'PATCH',
      path: path`/wallets/${wallet.id}/factors/${factorId}`,
      body: { data: { id: factorId, attributes: { priority } } },
      by: wallet,
      read: readNothing,
    })
  },

  /** Demands the password where the factor is enabled. */
  delete: async (wallet: WalletOwner, factorId: string): Promise<void> => {
    await transport.send({
      method: 'DELETE',
      path: path`/wallets/${wallet.id}/factors/${factorId}`,
      by: wallet,
      read: readNothing,
    })
  },

  /** Answers a demand; `withFactor` calls it. @throws IdentityError 400 for a wrong or used answer. */
  verify: (demand: FactorDemand, otp: Secret): Promise<void> => verifyFactor(transport, demand, otp),
})

export async function verifyFactor(transport: Transport, demand: FactorDemand, otp: Secret): Promise<void> {
  await transport.send({
    method: 'PUT',
    path: path`/wallets/${demand.walletId}/factors/${demand.factorId}/verification`,
    body: { data: { type: 'factor_verification', attributes: { token: demand.token, otp } } },
    read: readNothing,
  })
}
