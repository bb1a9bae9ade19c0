import type { Database } from '@strongroom/storage'
import type { ChainOwner } from './chain.ts'
import { type Head, headJudge, keyFingerprint } from './head.ts'
import { hasLink, readDelivered, readHeads, recordDelivery } from './head-store.ts'
import { type Sink, SinkRefused, type Target } from './sinks/sink.ts'

interface Delivery {
  readonly database: Database
  readonly owner: ChainOwner
  readonly publicKey: Uint8Array
}

const MOST_HEADS = 200

/** Sends each target what it has not accepted yet, in order, at most 200 heads; a target that is down holds up no other. */
export async function deliverHeads({ sink, ...delivery }: Delivery & { sink: Sink }): Promise<void> {
  const outcomes = await Promise.allSettled(sink.targets.map((target) => deliverTo(target, delivery)))
  const failures: unknown[] = outcomes.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []))
  if (failures.length === 1) throw failures[0]
  if (failures.length > 1) throw new AggregateError(failures, 'several sinks did not take the heads of the audit log')
}

async function deliverTo(target: Target, { database, owner, publicKey }: Delivery): Promise<void> {
  const last = await target.last?.()
  if (last) await refuseRollback(database, { target, owner, last })
  const after = last?.position ?? (target.last ? 0 : await readDelivered(database, target.name))
  const heads = await readHeads(database, owner, { after, key: keyFingerprint(publicKey), limit: MOST_HEADS })
  const isGood = headJudge(owner, [publicKey])
  let accepted: number | undefined
  try {
    for (const head of heads) {
      if (!isGood(head))
        throw new SinkRefused(`head ${String(head.position)} in the database is not what the token signed`)
      await target.send(head)
      accepted = head.position
    }
  } finally {
    if (accepted !== undefined && !target.last) await recordDelivery(database, target.name, accepted)
  }
}

async function refuseRollback(
  database: Database,
  { target, owner, last }: { target: Target; owner: ChainOwner; last: Head },
): Promise<void> {
  const ours = last.deployment === owner.deployment && last.app === owner.app
  if (!ours) throw new SinkRefused(`${target.name} holds the heads of another deployment or app`)
  if (await hasLink(database, last)) return
  const found = `${target.name} holds head ${String(last.position)}, which this database does not have`
  throw new SinkRefused(`${found}: it was rolled back or rewritten. Run the audit verifier before anything else`)
}
