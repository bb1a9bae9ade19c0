import type { AccountChange } from '@strongroom/chains'
import type { Refusal } from '@strongroom/http'
import { invalidRequest } from '../refusals.ts'
import type { Standing } from './standing.ts'

/**
 * JSON text of what a key signs for a change of its account: `{"evm":…}` or `{"cadence":…}`, by what the chain says now. An
 * hour to sign unless told. @throws ChainUnavailable
 */
export async function messageOf(
  { chain, address }: Standing,
  change: AccountChange | readonly AccountChange[],
  validSeconds?: number,
): Promise<string | Refusal<'invalid-request'>> {
  try {
    return JSON.stringify(await chain.describeChange(address, change, validSeconds))
  } catch (error) {
    // What was to go is gone already, or the account itself: somebody came first, or a fork.
    if (error instanceof RangeError) return invalidRequest()
    throw error
  }
}
