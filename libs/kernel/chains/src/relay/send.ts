import { sql } from '@strongroom/storage'
import { ChainUnavailable } from '../chain-unavailable.ts'
import { NodeRefused } from '../evm/json-rpc.ts'
import { type Meaning, meaningOf } from '../evm/node-words.ts'
import type { LiveTransaction } from './live.ts'
import type { Place, Sight } from './place.ts'
import { priceNow, priceToReplace } from './price.ts'
import { newestOf, signVersion, type Version } from './sign.ts'

/** Odd answers in a row after which a nonce is filled by nothing: one transaction must not hold up all others for good. */
const MOST_ODD_ANSWERS = 20
/** Dearer versions made in one go for a node that wants more. */
const MOST_RAISES = 8

const SIGNED_AT_ONCE = 8

/** Sends, in order, all that is out and due: what was never sent, what is to be sent again, and what is stuck at a higher price. */
export async function sendLive(place: Place, sight: Sight, rows: readonly LiveTransaction[]): Promise<void> {
  const open = rows.filter(({ nonce }) => nonce >= sight.count)
  for (let from = 0; from < open.length; from += SIGNED_AT_ONCE) {
    const some = open.slice(from, from + SIGNED_AT_ONCE)
    const versions = await Promise.all(some.map((one) => versionToSend(place, sight, one)))
    for (const [index, one] of some.entries()) {
      const version = versions[index]
      if (version) await sendVersion(place, sight, { one, version })
    }
  }
}

/** `undefined`: nothing of it is due. */
async function versionToSend(place: Place, sight: Sight, one: LiveTransaction): Promise<Version | undefined> {
  const newest = newestOf(one)
  if (!newest) {
    const price = priceNow(sight.market)
    if (!price) throw new ChainUnavailable('gas_too_dear', 30)
    return signVersion(place, one, { ...price, version: 0, nothing: false })
  }
  if (one.unsent) return newest
  // The first in line waits for nobody; of those behind it only what the chain has become too dear for is helped by more.
  const isHelped = one.nonce === sight.count || newest.maxFee < sight.market.baseFee
  if (one.stuck && isHelped) return (await raise(place, sight, { one, newest })) ?? newest
  return one.due ? newest : undefined
}

async function raise(place: Place, sight: Sight, { one, newest }: { one: LiveTransaction; newest: Version }) {
  const price = priceToReplace(newest, sight.market)
  return price && signVersion(place, one, { ...price, version: newest.version + 1, nothing: newest.nothing })
}

interface Outgoing {
  readonly one: LiveTransaction
  readonly version: Version
}

async function sendVersion(place: Place, sight: Sight, { one, version: first }: Outgoing): Promise<void> {
  let version = first
  for (let raises = 0; ; raises++) {
    const meaning = await trySending(place, version)
    if (meaning === 'held' || meaning === 'passed') return noteSent(place, version)
    if (meaning === 'funds') throw new ChainUnavailable('relayer_out_of_funds', 30)
    if (meaning === 'wait') throw new ChainUnavailable('not_now', 10)
    if (meaning === 'cheap' && raises < MOST_RAISES) {
      const dearer = await raise(place, sight, { one, newest: version })
      if (!dearer) throw new ChainUnavailable('gas_too_dear', 30)
      version = dearer
    } else if (meaning === 'never' && !version.nothing) version = await fill(place, sight, { one, version })
    else if (await wasOddOnceMore(place, one, version)) version = await fill(place, sight, { one, version })
    else throw new ChainUnavailable('odd_answer', 10)
  }
}

async function trySending({ chain: { node } }: Place, { signed }: Version): Promise<Meaning> {
  try {
    await node.send(signed)
    return 'held'
  } catch (error) {
    if (error instanceof NodeRefused) return meaningOf(error)
    throw error
  }
}

/** True when it is time to give up. */
async function wasOddOnceMore({ database }: Place, { id, oddAnswers }: LiveTransaction, { nothing }: Version) {
  await database.run(sql`update chains.transactions set odd_answers = odd_answers + 1 where id = ${id}`)
  return !nothing && oddAnswers + 1 >= MOST_ODD_ANSWERS
}

/** The next version, of nothing, at a price that replaces whatever a node may hold of the one before. */
async function fill(place: Place, sight: Sight, { one, version }: Outgoing): Promise<Version> {
  const price = priceToReplace(version, sight.market)
  if (!price) throw new ChainUnavailable('gas_too_dear', 30)
  return signVersion(place, one, { ...price, version: version.version + 1, nothing: true })
}

async function noteSent({ database, chain }: Place, { transactionId, nonce, version }: Version): Promise<void> {
  await database.run(sql`
    with noted as (
      update chains.sendings set sent_at = coalesce(sent_at, strongroom.now())
       where transaction_id = ${transactionId} and nonce = ${nonce} and version = ${version}
    )
    update chains.transactions
       set state = 'sent', odd_answers = 0, due_at = strongroom.now() + make_interval(secs => ${chain.setting.resendSeconds})
     where id = ${transactionId} and nonce = ${nonce} and state in ('taken', 'sent')`)
}
