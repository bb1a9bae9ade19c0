import { implement, reply } from '@strongroom/http'
import { isShallow } from '../json-depth.ts'
import { getSigners, ledgerNotFound } from './contract.ts'
import type { Ledger } from './ledger.ts'

export const signers = implement<{ ledger: Ledger }>()(getSigners, async ({ params: { id } }, { ledger }) => {
  const found = await ledger.signersOf(id)
  if (!found) return ledgerNotFound()
  return reply(200, {
    data: found.map(({ key, weight, identity, role, details }) => ({
      id: key,
      type: 'signers' as const,
      attributes: { weight, identity, details: parsed(details) },
      relationships: {
        role: { data: { id: String(role), type: 'signer-roles' as const } },
        account: { data: { id, type: 'accounts' as const } },
      },
    })),
    links: { self: `/v3/accounts/${id}/signers` },
  })
})

/** What another ledger keeps may be no JSON; what an older release took may be nested too deep to be written. */
export function parsed(details: string): unknown {
  try {
    const value: unknown = JSON.parse(details)
    return isShallow(value) ? value : {}
  } catch {
    return {}
  }
}
