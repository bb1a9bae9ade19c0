import type { Keystore } from '@strongroom/hsm'
import { mpcAuthWith } from '@strongroom/mpc-auth'
import { runService } from '@strongroom/service'

/** What is asked of the token, as its keystore is asked; health and the audit log ask past this one. */
const counted = ['seal', 'open', 'mac', 'sign', 'issueKeyPair', 'signWithIssued'] as const

const calls: string[] = []

/** Purposes and uses are told, never what is in a call. */
function counting(hsm: Keystore): Keystore {
  const counters = counted.map((name) => [
    name,
    (...given: readonly unknown[]) => {
      const use = given.find((one) => typeof one === 'string')
      calls.push(use === undefined ? name : `${name} ${use}`)
      return (hsm[name] as (...all: readonly unknown[]) => unknown)(...given)
    },
  ])
  return { ...hsm, ...(Object.fromEntries(counters) as Partial<Keystore>) }
}

// Tells its calls since it was last asked.
process.on('message', () => process.send?.({ calls: calls.splice(0) }))

const accounts = mpcAuthWith(['accounts'])

await runService({
  ...accounts,
  mount: (parts) => accounts.mount({ ...parts, hsm: counting(parts.hsm) }),
})
