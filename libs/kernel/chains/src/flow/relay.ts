import type { Database } from '@strongroom/storage'
import type { Charge } from '../chain.ts'
import type { FlowDeps } from './advance.ts'
import type { FlowChain } from './flow-chain.ts'
import { payerOf } from './payer.ts'
import { type PayerSignature, signAsPayer } from './paymaster.ts'

export interface FlowRelayOptions {
  readonly chain: FlowChain
  readonly database: Database
  /** The payer’s key in the token: x and y, 64 bytes. On the chain it has SHA2_256. */
  readonly publicKey: () => Promise<Uint8Array>
  /** By that key, over the SHA-256 of this message: r and s, 64 bytes. */
  readonly sign: (message: Uint8Array) => Promise<Uint8Array>
}

/** What pays on a chain of Flow. */
export interface FlowRelay {
  readonly deps: FlowDeps
  /**
   * Pays for a transaction that a client sends: takes the hex of its envelope, which must be one that `decode`
   * understands and that the account itself agreed to. `undefined` where it is not, or the app has spent its day.
   */
  signAsPayer(envelope: unknown, charge: Charge): Promise<PayerSignature | undefined>
}

export function openFlowRelay({ chain, database, publicKey, sign }: FlowRelayOptions): FlowRelay {
  const { setting, api, name } = chain.access
  const deps: FlowDeps = {
    name,
    setting,
    api,
    database,
    payer: payerOf({ payer: setting.payer, api, publicKey, sign }),
  }
  return { deps, signAsPayer: (envelope, charge) => signAsPayer(deps, envelope, charge) }
}
