import type { AccountPlan, Signer, StandingAccount } from '@strongroom/chains'
import { fromHex, toHex } from '@strongroom/crypto'
import { z } from 'zod'
import type { Policies } from '../policies.ts'
import type { KeyRow } from './key-row.ts'

/** A plan as its row keeps it. */
export const Plan = z.object({
  threshold: z.int(),
  signers: z.array(z.object({ publicKey: z.string(), scheme: z.enum(['p256-sha256', 'webauthn']), weight: z.int() })),
})
export type Plan = z.output<typeof Plan>

export const schemeOf = ({ kind }: Pick<KeyRow, 'kind'>): Signer['scheme'] =>
  kind === 'passkey' ? 'webauthn' : 'p256-sha256'

type Signing = Pick<KeyRow, 'publicKey' | 'kind'>

/** Any two of these keys sign together, and one alone signs nothing. */
export const planOf = ({ weight, threshold }: Policies, keys: readonly Signing[]): Plan => ({
  threshold,
  signers: keys.map((key) => ({ publicKey: toHex(key.publicKey), scheme: schemeOf(key), weight })),
})

export const accountPlan = (accountId: string, { threshold, signers }: Plan): AccountPlan => ({
  accountId,
  threshold,
  signers: signers.map((one) => ({ ...one, publicKey: fromHex(one.publicKey) })),
})

const nameOf = ({ publicKey, scheme, weight }: Plan['signers'][number]): string =>
  `${publicKey}/${scheme}/${String(weight)}`

/** Our code, exactly these signers, each once, with these weights and this threshold. */
export function standsAsPlanned(plan: Plan, standing: StandingAccount): boolean {
  const found = standing.signers.map((one) => nameOf({ ...one, publicKey: toHex(one.publicKey) })).toSorted()
  const wanted = plan.signers.map(nameOf).toSorted()
  const alike = found.length === wanted.length && found.every((one, index) => one === wanted[index])
  return standing.isGenuine && standing.threshold === plan.threshold && alike
}
