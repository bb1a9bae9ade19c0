import { probe } from './keys/canary.ts'
import type { TokenLink } from './token-link.ts'

const LOOKS = 9

/**
 * Milliseconds of the fastest of several short calls: what is in their way is always in the way, what else the machine
 * does is not. Throws `DeviceError`.
 */
export const measureLatency = (link: TokenLink): number =>
  Math.min(...Array.from({ length: LOOKS }, () => timeOne(link)))

function timeOne(link: TokenLink): number {
  const { session, keys } = link.context
  const started = performance.now()
  // A recovery token has RSA keys alone: they compute for milliseconds on any processor.
  if (keys.all.some(({ record }) => record.job === 'seal')) probe(link.context)
  else session.drawRandom(16)
  return performance.now() - started
}
