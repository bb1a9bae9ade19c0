import { toHex } from '@strongroom/crypto'
import type { Keystore } from '@strongroom/hsm'
import type { Database } from '@strongroom/storage'
import type { ChainOwner } from './chain.ts'
import { deliverHeads } from './deliver-heads.ts'
import { headJudge, headMessage, keyFingerprint } from './head.ts'
import { insertHead, readUnsignedTip } from './head-store.ts'
import { linkBatch, markSettled, readHorizon, startAt } from './link-store.ts'
import type { Sink } from './sinks/sink.ts'

export interface Linking extends ChainOwner {
  readonly database: Database
  readonly hsm: Pick<Keystore, 'sign' | 'publicKey'>
  readonly sink: Sink
}

const MOST_BATCHES = 100

/**
 * One sweep: links the events that are not linked yet (at most 100,000), has the token sign the chain's end, sends out
 * the heads that were not. For one leader, every few seconds; several at once do no harm. Answers with how many events
 * it linked. Whatever it throws, the next sweep goes on from there.
 * @throws HsmUnavailable, DatabaseUnavailable or SinkUnavailable: come back later; SinkRefused: somebody must look;
 * AggregateError of these where several sinks failed.
 */
export async function linkEvents({ database, hsm, sink, deployment, app }: Linking): Promise<number> {
  const owner = { deployment, app }
  const linked = await linkAll(database, owner)
  const publicKey = await hsm.publicKey('audit')
  await signTip({ database, hsm, owner, publicKey })
  await deliverHeads({ database, sink, owner, publicKey })
  return linked
}

async function linkAll(database: Database, owner: ChainOwner): Promise<number> {
  const horizon = await readHorizon(database)
  let linked = 0
  let cursor = startAt(horizon.settled)
  for (let batches = 0; batches < MOST_BATCHES; batches++) {
    const from = cursor
    const step = await database.transaction((tx) => linkBatch(tx, owner, from))
    // Only a sweep that saw everything may move the mark: whoever was kept out, or stopped half-way, leaves it.
    if (!step) return linked
    linked += step.linked
    if (!step.next) {
      await markSettled(database, horizon)
      return linked
    }
    cursor = step.next
  }
  return linked
}

interface Signing extends Pick<Linking, 'database' | 'hsm'> {
  readonly owner: ChainOwner
  readonly publicKey: Uint8Array
}

async function signTip({ database, hsm, owner, publicKey }: Signing): Promise<void> {
  const tip = await readUnsignedTip(database)
  if (!tip) return
  const unsigned = { ...owner, position: tip.position, hash: toHex(tip.hash), at: tip.at }
  const signature = toHex(await hsm.sign('audit', headMessage(unsigned)))
  const head = { ...unsigned, key: keyFingerprint(publicKey), signature }
  // A wrong signature would make every verifier cry wolf, and a faulty ECDSA signature can give the key away.
  if (!headJudge(owner, [publicKey])(head))
    throw new Error('the token signed a head, and the signature does not verify')
  await insertHead(database, head)
}
