import type { RandomSource } from '@strongroom/crypto'
import type { Limiter } from '@strongroom/http'
import type { Ledger } from '../ledger/ledger.ts'
import type { Policies } from '../policies.ts'
import type { Messenger } from './messenger.ts'
import type { WalletStoreDeps } from './store.ts'

/** What this domain needs of the app. */
export interface IdentityDeps extends WalletStoreDeps {
  readonly ledger: Ledger
  readonly policies: Policies
  readonly random: RandomSource
  /** The process's own: others wrote what it judges. */
  readonly clock: () => Date
  /** The web client that links in mails lead to; the payload is put behind it: `https://wallet.example.com/r`. */
  readonly clientRouter: URL
  /** None: nobody's Telegram is verified. */
  readonly messenger?: Messenger
  /** By address of the caller. */
  readonly limits: {
    /** Wallets that are made. */
    readonly creations: Limiter
    /** Addresses that are asked for. */
    readonly lookups: Limiter
    /** Wallets that are asked for, factors that are demanded. */
    readonly attempts: Limiter
  }
  /** By name of the address that is asked for. */
  readonly lookupsOfOne: Limiter
}
