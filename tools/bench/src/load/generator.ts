import { drive } from './drive.ts'
import type { CyclePlan, Plan } from './plan.ts'
import { driveCycles } from './qr-cycle.ts'

// A process of its own, so that the collector and the event loop of whoever measures do not get in the way.
process.once('message', (plan: Plan | CyclePlan) => {
  const driven = 'approvers' in plan ? driveCycles(plan) : drive(plan)
  driven.then(
    (outcome) => process.send?.({ outcome }, () => process.disconnect?.()),
    (error: unknown) => process.send?.({ failure: String(error) }, () => process.exit(1)),
  )
})
