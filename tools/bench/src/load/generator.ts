import { drive } from './drive.ts'
import type { Plan } from './plan.ts'

// A process of its own, so that the collector and the event loop of whoever measures do not get in the way.
process.once('message', (plan: Plan) => {
  drive(plan).then(
    (outcome) => process.send?.({ outcome }, () => process.disconnect?.()),
    (error: unknown) => process.send?.({ failure: String(error) }, () => process.exit(1)),
  )
})
