import type { Database } from '@strongroom/storage'
import { LEASE, takeLease } from './lease.ts'
import { hasWork, readLive } from './live.ts'
import { look, type Place, type RelayedChain } from './place.ts'
import { ensureRelayer, findRetired, type GasKeys, type Relayer } from './relayer.ts'
import { sendLive } from './send.ts'
import { settleMined } from './settle.ts'
import { takeQueued } from './take.ts'

export interface RelayOptions {
  readonly database: Database
  readonly gasKeys: GasKeys
  /** Seconds that a process which died in the middle holds up the others; 15 unless said. */
  readonly leaseSeconds?: number
}

/**
 * Does all that can be done now on one chain, and waits for no block. Every step starts from rows and leaves rows, and is
 * safe beside itself: it may end anywhere.
 */
export async function relay(options: RelayOptions, chain: RelayedChain): Promise<void> {
  const { database, gasKeys } = options
  if (!(await hasWork(database, chain.name))) return
  await chain.assertContracts()
  const active = await ensureRelayer(database, gasKeys, chain.name)
  const failures: unknown[] = []
  // One that has no money left, or whose key does not open, holds up no other.
  for (const relayer of [active, ...(await findRetired(database, chain.name))])
    await relayBy(options, { chain, relayer }).catch((error: unknown) => failures.push(error))
  if (failures.length > 0) throw failures[0]
}

async function relayBy(
  { database, gasKeys, leaseSeconds = LEASE }: RelayOptions,
  { chain, relayer }: { chain: RelayedChain; relayer: Relayer },
): Promise<void> {
  const lease = await takeLease(database, relayer, leaseSeconds)
  if (!lease) return
  try {
    const place = { database, chain, relayer, key: await gasKeys.of(relayer) }
    while ((await round(place)) && (await lease.renew()));
  } finally {
    await lease.release()
  }
}

/** Whether it took up anything new. */
async function round(place: Place): Promise<boolean> {
  const sight = await look(place)
  await settleMined(place, sight)
  const live = await readLive(place)
  await sendLive(place, sight, live)
  if (place.relayer.state === 'retired') return false
  const took = await takeQueued(place, sight, place.chain.setting.inFlight - live.length)
  if (took)
    await sendLive(
      place,
      sight,
      (await readLive(place)).filter(({ unsent }) => unsent),
    )
  return took
}
