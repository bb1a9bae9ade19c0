import { type Deployer, deployContracts, type Wait } from '../evm/deploy-contracts.ts'
import type { EvmContracts } from '../evm/settings.ts'
import { type Lease, takeLease } from './lease.ts'
import { readLive } from './live.ts'
import type { RelayedChain } from './place.ts'
import { ensureRelayer } from './relayer.ts'
import type { RelayOptions } from './round.ts'

/** Seconds that a lease is kept from one look to the next. */
const LEASE = 120

/**
 * Has the relayer of a chain deploy the contracts of this release, while it sends nothing else. It wants money first.
 * @throws Error while a worker sends for it, or something of it is out; ChainUnavailable as of any node.
 */
export async function deployByRelayer(
  { database, gasKeys }: RelayOptions,
  chain: RelayedChain,
  wait: Wait,
): Promise<EvmContracts> {
  const relayer = await ensureRelayer(database, gasKeys, chain.name)
  const lease = await takeLease(database, relayer, LEASE)
  if (!lease) throw new Error('a worker sends for this relayer at the moment: try again')
  try {
    const key = await gasKeys.of(relayer)
    const live = await readLive({ database, chain, relayer, key })
    if (live.length > 0) throw new Error('transactions of this relayer are out: try again when they have ended')
    const deployer: Deployer = { address: relayer.address, key }
    return await deployContracts({ node: chain.node, chainId: chain.setting.chainId }, deployer, keeping(lease, wait))
  } finally {
    await lease.release()
  }
}

const keeping =
  (lease: Lease, wait: Wait): Wait =>
  async () => {
    await wait()
    if (!(await lease.renew())) throw new Error('another process sends for this relayer now')
  }
