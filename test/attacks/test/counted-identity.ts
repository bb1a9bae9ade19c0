import type { Keystore } from '@strongroom/hsm'
import { identityStorage } from '@strongroom/identity-storage'
import { runService } from '@strongroom/service'

/** What is asked of the token, as its keystore is asked; health and the audit log ask past this one. */
const counted = ['seal', 'open', 'mac', 'sign', 'signEd25519', 'issueKey', 'openKey'] as const

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

await runService({
  ...identityStorage,
  mount: (parts) => identityStorage.mount({ ...parts, hsm: counting(parts.hsm) }),
})
