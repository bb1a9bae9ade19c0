import type { Secret } from '@strongroom/crypto'
import { prover } from '@strongroom/http'
import { readBearer } from '@strongroom/proofs'
import { nodeRefused, nodeSecret } from './contract.ts'

export interface NodeDeps {
  /** Of each MPC node; `by-certificate` where the listener demands one that it trusts. */
  readonly nodes: ReadonlyMap<string, Secret> | 'by-certificate'
}

export const proveNode = prover<NodeDeps>()(nodeSecret, ({ headers }, { nodes }) => {
  if (nodes === 'by-certificate') return { name: 'certified' }
  const brought = readBearer(headers)
  if (!brought) return nodeRefused()
  // Every secret is compared: the time does not tell which one came near.
  const fitting = [...nodes].filter(([, secret]) => secret.equals(brought))
  const [name] = fitting[0] ?? []
  return name === undefined ? nodeRefused() : { name }
})
