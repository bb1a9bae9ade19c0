import type { RandomSource } from '@strongroom/crypto'
import { base32 } from '@scure/base'
import { generateURI, verify } from 'otplib'

const SEED_BYTES = 20
const STEP = 30

/** RFC 4226 recommends 160 bits; the original drew 80. Base32, without padding. */
export const newSeed = (random: RandomSource): string => base32.encode(random(SEED_BYTES))

/** What an authenticator app scans (Google's key URI format). */
export const seedUri = ({ issuer, login, seed }: { issuer: string; login: string; seed: string }): string =>
  generateURI({ issuer, label: login, secret: seed, algorithm: 'sha1', digits: 6, period: STEP })

/**
 * RFC 6238 with SHA-1, 6 digits, 30 seconds, one step before and after. Answers the time step of a right code later than
 * `after`, and `undefined` for any other.
 */
export async function judgeTotp(
  code: string,
  { seed, after, clock }: { seed: string; after: number; clock: () => Date },
): Promise<number | undefined> {
  if (!/^\d{6}$/.test(code)) return undefined
  const epoch = Math.floor(clock().getTime() / 1000)
  const judged = await verify({
    strategy: 'totp',
    secret: base32.decode(seed),
    token: code,
    epoch,
    epochTolerance: STEP,
  })
  if (!judged.valid || !('timeStep' in judged)) return undefined
  return judged.timeStep > after ? judged.timeStep : undefined
}
