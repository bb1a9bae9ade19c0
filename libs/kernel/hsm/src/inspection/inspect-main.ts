import { once } from 'node:events'
import type { InspectionNews, InspectionPlan } from './inspection-plan.ts'
import { look, type LookOrder } from './look.ts'
import { makeThrowAway } from './throw-away-token.ts'

// A process of its own: a vendor's library may crash or hang, and what it loads stays out of ours.

const tell = (news: InspectionNews): void => void process.send?.(news, () => undefined)

const [plan] = (await once(process, 'message')) as [InspectionPlan]
process.once('disconnect', () => process.exit(1))
await look(await orderOf(plan), tell)
process.disconnect?.()

async function orderOf({ token, ...rest }: InspectionPlan): Promise<LookOrder> {
  if (token === undefined) return rest
  return 'maker' in token ? { ...rest, ...(await makeThrowAway(rest.module, token)) } : { ...rest, token }
}
