import type { UseName } from '@strongroom/service'
import { Unusable } from '../outcome.ts'

/** As commander gives them. */
export interface UseOptions {
  readonly mac?: string
  readonly sign?: string
}

/** Which key is meant; `undefined`: those that seal and wrap. Throws `Unusable` where both are named. */
export function useOf({ mac, sign }: UseOptions): UseName | undefined {
  if (mac !== undefined && sign !== undefined) throw new Unusable('name one key: --mac or --sign')
  if (mac !== undefined) return { job: 'mac', use: mac }
  return sign === undefined ? undefined : { job: 'sign', use: sign }
}
