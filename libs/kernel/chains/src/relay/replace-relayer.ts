import { column, type Database, sql } from '@strongroom/storage'
import { bytesToHex, type Hex } from 'viem'
import { z } from 'zod'
import { ChainUnavailable } from '../chain-unavailable.ts'
import type { Wait } from '../evm/deploy-contracts.ts'
import { signsFor, signTransaction } from './gas-key.ts'
import { type Lease, takeLease } from './lease.ts'
import { readLive } from './live.ts'
import { look, type RelayedChain } from './place.ts'
import { priceNow } from './price.ts'
import { findRelayer, listRelayers, prepareRelayer, type Relayer } from './relayer.ts'
import type { RelayOptions } from './round.ts'

/** Of one deployment, about: with less than that a relayer could not begin. */
const GAS_TO_BEGIN = 600_000n
const GAS_OF_A_PAYMENT = 21_000n
const LEASE = 120
const LEASE_TRIES = 10
const NOT_OURS = 'the key of a relayer does not sign for its address: its row was not written by us'

/** One that pays, is to pay, or paid on a chain. */
export interface Standing extends Pick<Relayer, 'address' | 'state'> {
  /** Wei; none where the node does not answer. */
  readonly balance: bigint | undefined
  /** Transactions that have no end yet. */
  readonly out: number
  /** Its key signs for its address. If not, nobody is to send money there. */
  readonly isOurs: boolean
}

/** Every relayer that a chain ever had, the newest first. */
export async function standingOf(
  { database, gasKeys }: RelayOptions,
  { name, node }: RelayedChain,
): Promise<Standing[]> {
  const relayers = await listRelayers(database.reading, name)
  return Promise.all(
    relayers.map(async (relayer) => {
      const { id, address, state } = relayer
      const { out } = await database.reading.one(
        z.object({ out: column.count }),
        sql`select count(*) as out from chains.transactions where relayer_id = ${id} and state in ('taken', 'sent')`,
      )
      const balance = await node.balanceOf(address).catch((error: unknown) => {
        if (error instanceof ChainUnavailable) return undefined
        throw error
      })
      return { address, state, balance, out, isOurs: await signsFor(await gasKeys.of(relayer), address) }
    }),
  )
}

/**
 * Has another gas key pay from now on. The first call makes the key, and answers whose address wants money; one that comes
 * when it has some switches. What the old one sent, it brings to its end.
 */
export async function switchRelayer(
  { database, gasKeys }: RelayOptions,
  chain: RelayedChain,
): Promise<{ readonly address: Hex; readonly pays: boolean; readonly wants: bigint }> {
  const waiting = await prepareRelayer(database, gasKeys, chain.name)
  const { address } = waiting
  const key = await gasKeys.of(waiting)
  const { head, market } = await look({ database, chain, relayer: waiting, key })
  const wants = GAS_TO_BEGIN * (2n * head.baseFee + market.tip)
  if (!(await signsFor(key, address))) throw new Error(NOT_OURS)
  if ((await chain.node.balanceOf(address)) < wants) return { address, pays: false, wants }
  await database.transaction(async (tx) => {
    const still = await tx.run(sql`
      select from chains.relayers where id = ${waiting.id} and state = 'waiting' for update`)
    if (still === 0) return
    // Whoever gives nonces away holds the row of the old one: it gives the last, or none.
    await tx.run(sql`
      update chains.relayers set state = 'retired', retired_at = strongroom.now()
       where chain = ${chain.name} and state = 'active'`)
    await tx.run(sql`update chains.relayers set state = 'active' where id = ${waiting.id}`)
  })
  return { address, pays: true, wants }
}

/**
 * Sends what a retired relayer has left to the one that pays now, and waits for it. Answers how much, in wei; 0 where it would
 * not pay its own way.
 * @throws Error while a worker sends for it, or something of it is out; ChainUnavailable as of any node.
 */
export async function emptyRelayer(
  { database, gasKeys }: RelayOptions,
  { chain, address, wait }: { readonly chain: RelayedChain; readonly address: string; readonly wait: Wait },
): Promise<bigint> {
  const relayers = await listRelayers(database, chain.name)
  const old = relayers.find((one) => one.state === 'retired' && one.address.toLowerCase() === address.toLowerCase())
  const heir = await findRelayer(database, chain.name)
  if (!old || !heir) throw new Error('no relayer of this address was replaced on this chain')
  if (!(await signsFor(await gasKeys.of(heir), heir.address))) throw new Error(NOT_OURS)
  const lease = await leaseSoon(database, old, wait)
  try {
    const place = { database, chain, relayer: old, key: await gasKeys.of(old) }
    if ((await readLive(place)).length > 0) throw new Error('transactions of this relayer are out: try again later')
    const { count: nonce, market } = await look(place)
    const price = priceNow(market)
    if (!price) throw new ChainUnavailable('gas_too_dear', 30)
    const value = (await chain.node.balanceOf(old.address)) - GAS_OF_A_PAYMENT * price.maxFee
    if (value <= 0n) return 0n
    const payment = {
      chainId: chain.setting.chainId,
      nonce,
      to: heir.address,
      data: '0x',
      gas: GAS_OF_A_PAYMENT,
    } as const
    const { bytes } = await signTransaction({ ...payment, ...price, value }, place.key, old.address)
    await chain.node.send(bytesToHex(bytes))
    while ((await chain.node.countOf(old.address, 'latest')) <= nonce) {
      await wait()
      if (!(await lease.renew())) throw new Error('another process sends for this relayer now')
    }
    return value
  } finally {
    await lease.release()
  }
}

/** A worker looks after it for some minutes more, a moment at a time. */
async function leaseSoon(database: Database, relayer: Relayer, wait: Wait): Promise<Lease> {
  for (let tries = 0; tries < LEASE_TRIES; tries++) {
    const lease = await takeLease(database, relayer, LEASE)
    if (lease) return lease
    await wait()
  }
  throw new Error('a worker sends for this relayer at the moment: try again')
}
