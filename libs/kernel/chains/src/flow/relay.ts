import type { Database } from '@strongroom/storage'
import type { Charge } from '../chain.ts'
import type { FlowDeps } from './advance.ts'
import type { FlowChain } from './flow-chain.ts'
import { payerOf } from './payer.ts'
import { type PayerSignature, signAsPayer } from './paymaster.ts'

export interface FlowRelayOptions {
  readonly chain: FlowChain
  readonly database: Database
  /** Of a digest of 32 bytes: r and s, 64 bytes. The payer’s key is in the HSM. */
  readonly sign: (digest: Uint8Array) => Promise<Uint8Array>
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

export function openFlowRelay({ chain, database, sign }: FlowRelayOptions): FlowRelay {
  const { setting, api, name } = chain.access
  const deps: FlowDeps = { name, setting, api, database, payer: payerOf({ payer: setting.payer, api, sign }) }
  return { deps, signAsPayer: (envelope, charge) => signAsPayer(deps, envelope, charge) }
}
