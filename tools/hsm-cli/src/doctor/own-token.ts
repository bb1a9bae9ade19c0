import { join } from 'node:path'
import type { Secret } from '@strongroom/crypto'
import { filePinLatch, profileNames } from '@strongroom/hsm'
import type { InspectedToken } from '@strongroom/hsm/inspection'
import { Unusable } from '../outcome.ts'

/** A token that no app’s settings name. Throws `Unusable` for a profile that there is not. */
export function ownToken(
  { label, pin, profile: wanted }: { label: string; pin: Secret; profile: string | undefined },
  directory: string,
): InspectedToken {
  const profile = profileNames.find((name) => name === wanted)
  if (profile !== wanted)
    throw new Unusable(`there is no profile "${String(wanted)}": say one of ${profileNames.join(', ')}`)
  const pinLatch = filePinLatch(join(directory, `refused-pin-${label.replaceAll(/[^\w-]/g, '_')}`))
  return { label, pin, pinLatch, ...(profile !== undefined && { profile }) }
}
