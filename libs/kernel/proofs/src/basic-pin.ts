import { Secret } from '@strongroom/crypto'
import type { Proof } from '@strongroom/http/contract'
import { z } from 'zod'

/**
 * 4 to 256 UTF-16 units, no line terminators. A lone surrogate is refused: encoded it would become another PIN.
 * Source: the Photon key server's `isPin`.
 */
export const Pin = z
  .string()
  .regex(/^.{4,256}$/)
  .refine((text) => text.isWellFormed())
  .transform((text) => new Secret(text))
  .meta({ description: 'A PIN or passphrase of 4 to 256 characters.', example: '1234' })

/** HTTP Basic; the user part is ignored and the PIN is everything after the first colon (RFC 7617). */
export const basicPin: Proof<Secret> = {
  name: 'basicPin',
  scheme: { type: 'http', scheme: 'basic', description: 'The PIN as the password; the user name is ignored.' },
  reads: { header: 'authorization' },
  refusals: [],
}
