import { fork } from 'node:child_process'
import type { CyclePlan, Outcome, Plan } from './plan.ts'

/** Carries a plan out in a process of its own. Throws where an answer was not the expected one. */
export function load(plan: Plan | CyclePlan): Promise<Outcome> {
  const child = fork(`${import.meta.dirname}/generator.ts`, { serialization: 'advanced' })
  return new Promise((resolve, reject) => {
    child.once('message', (told: { outcome: Outcome } | { failure: string }) =>
      'outcome' in told ? resolve(told.outcome) : reject(new Error(told.failure)),
    )
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`the load generator ended with ${String(code)}`)))
    child.send(plan)
  })
}
