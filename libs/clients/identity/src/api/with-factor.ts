import type { Secret } from '@strongroom/crypto'
import { type FactorDemand, IdentityError } from './error.ts'
import { verifyFactor } from './factors.ts'
import type { Transport } from './transport.ts'

/** What proves a factor: a code, or a signature over its token. Thrown, what it throws ends the call. */
export type FactorAnswer = (demand: FactorDemand) => Promise<Secret>

// Password, TOTP or a code, and the password again where a server forgets the first over the second, as TokenD's does.
const MOST_FACTORS = 4

/** A transport that answers for factors: what is refused for want of one is sent again, the same, once it is verified. */
export const answering = (transport: Transport, answer: FactorAnswer): Transport => {
  const prepare: Transport['prepare'] = (call) => {
    const send = transport.prepare(call)
    return async () => {
      for (let verified = 0; ; verified++) {
        try {
          return await send()
        } catch (error) {
          const demand = error instanceof IdentityError ? error.factor : undefined
          if (!demand || verified === MOST_FACTORS) throw error
          await verifyFactor(transport, demand, await answer(demand))
        }
      }
    }
  }
  return { prepare, send: (call) => prepare(call)() }
}
