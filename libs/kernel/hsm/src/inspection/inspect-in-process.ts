import type { Inspection } from './inspection.ts'
import type { InspectionNews, InspectionPlan } from './inspection-plan.ts'
import { runApart } from './run-apart.ts'

const remedy = 'ask its vendor, and let its calls run in a process of their own (HSM_EXECUTOR=process)'

/** Never rejects: a process that dies or falls silent is what was found. */
export async function inspectInProcess(
  plan: InspectionPlan,
  { patienceMs }: { patienceMs: number },
): Promise<Inspection> {
  const { last, end } = await runApart<InspectionNews>({ script: 'inspect-main', plan, patienceMs })
  const { found, next } = last ?? { found: { module: { path: plan.module.path }, slots: [], keys: [] }, next: 'module' }
  if (next === 'end') return found
  const message = `the module did not come back from this step, ${end}: ${remedy}`
  return { ...found, stopped: { at: next, reason: 'died', message } }
}
