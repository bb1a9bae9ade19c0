import { Records } from '../lca-original/records.ts'
import type { DumpedCell } from '../target.ts'

export interface WalletRecord {
  email: string
  accountId: string
  /** The key that signs now. */
  signer: string
  salt: string
  keychain: string
  verified: boolean
  /** Of the verification mail. */
  token: string
}

export interface FactorRecord {
  walletId: string
  type: string
  priority: number
  /** A password's key, a TOTP seed: as it is. */
  secret: string
  keychain?: string
  salt?: string
}

export interface TokenRecord {
  factorId: string
  verified: boolean
  code?: string
}

export interface BlobRecord {
  owner: string
  type: string
  value: string
}

/** Everything as it came, under ids that are counted. */
export class IdentityDatabase {
  readonly wallets = new Records<WalletRecord>('wallets')
  readonly factors = new Records<FactorRecord>('factors')
  readonly tokens = new Records<TokenRecord>('tfa')
  readonly blobs = new Records<BlobRecord>('blobs')
  readonly #counters = { factors: 0 }

  nextFactorId(): string {
    return String(++this.#counters.factors)
  }

  async factorsOf(walletId: string): Promise<(FactorRecord & { id: string })[]> {
    const all = await Promise.all(
      this.factors.keys().map(async (id) => {
        const factor = await this.factors.get(id)
        return factor ? [{ ...factor, id }] : []
      }),
    )
    return all.flat().filter((factor) => factor.walletId === walletId)
  }

  async walletOf(email: string): Promise<[string, WalletRecord] | undefined> {
    for (const id of this.wallets.keys()) {
      const wallet = await this.wallets.get(id)
      if (wallet?.email === email) return [id, wallet]
    }
    return undefined
  }

  dump(): DumpedCell[] {
    const { wallets, factors, tokens, blobs } = this
    return [wallets, factors, tokens, blobs].flatMap((one) => one.dump())
  }
}
