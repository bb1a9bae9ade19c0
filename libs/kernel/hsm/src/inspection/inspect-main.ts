import { once } from 'node:events'
import { softToken } from '../testing/soft-token.ts'
import { initialiseOpencryptokiToken } from '../testing/opencryptoki-token.ts'
import type { ModuleSource } from '../pkcs11/module-registry.ts'
import type { InspectionNews, InspectionPlan, PlannedToken } from './inspection-plan.ts'
import { look, type LookOrder } from './look.ts'

// A process of its own: a vendor's library may crash or hang, and what it loads stays out of ours.

const tell = (news: InspectionNews): void => void process.send?.(news, () => undefined)

const [plan] = (await once(process, 'message')) as [InspectionPlan]
process.once('disconnect', () => process.exit(1))
await look(await orderOf(plan), tell)
process.disconnect?.()

async function orderOf({ token, ...plan }: InspectionPlan): Promise<LookOrder> {
  if (token === undefined) return plan
  return 'maker' in token ? { ...plan, ...(await throwAway(plan.module, token)) } : { ...plan, token }
}

async function throwAway(
  module: ModuleSource,
  { maker, directory }: Extract<NonNullable<InspectionPlan['token']>, { maker: unknown }>,
): Promise<Pick<LookOrder, 'module'> & { token: PlannedToken }> {
  const known = { lowPinCount: 'refuse', deployment: 'inspection', app: 'inspection' } as const
  if (maker === 'openCryptoki') {
    const label = 'throw-away'
    return { module, token: { ...known, label, pin: initialiseOpencryptokiToken(module, label).expose() } }
  }
  const made = await softToken({ module: module.path, directory })
  const source = typeof made.module === 'string' ? { path: made.module } : made.module
  return { module: source, token: { ...known, label: made.tokenLabel, pin: made.pin.expose() } }
}
