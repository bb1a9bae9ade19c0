import type { Claims } from '@strongroom/proofs'
import type { Login } from './login.ts'

const address = /^[^\s@\p{C}]+@[^\s@\p{C}]+$/u
const LONGEST_ADDRESS = 320

/** Apple writes its flags as strings or as booleans; anything else is no. */
const isYes = (claim: unknown): boolean => claim === true || claim === 'true'

/** What a token says of somebody's address. Said of one that is malformed, it is not said. */
export function emailIn({ rest }: Claims): Pick<Login, 'email' | 'emailVerified'> {
  const { email, email_verified: verified } = rest
  if (typeof email !== 'string' || email.length > LONGEST_ADDRESS || !address.test(email))
    return { emailVerified: false }
  return { email, emailVerified: isYes(verified) }
}
