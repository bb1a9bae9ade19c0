import { fromHex, fromUtf8, Secret, toHex } from '@strongroom/crypto'
import { combine, split } from 'shamir-secret-sharing'

/** An Ed25519 seed, and what a share of it is: one byte for each of the seed's, and its x coordinate. */
const SEED_LENGTH = 32
const SHARE_LENGTH = SEED_LENGTH + 1

/** Any two of the four give the seed; one alone says nothing about it. */
export interface Shares {
  /** Stays on this device. */
  readonly device: Secret
  /** Goes to the server. */
  readonly auth: Secret
  /** Behind a phrase, a backup file or a passkey. */
  readonly recovery: Secret
  /** Is mailed to the user. */
  readonly email: Secret
}

/** Tells whether these 32 bytes are the seed that was meant, for instance `isSeedOf(did)`. */
export type SeedCheck = (seed: Secret) => boolean | Promise<boolean>

export type ShareFault = 'malformed' | 'same-share' | 'wrong-seed'

const sentences: Readonly<Record<ShareFault, string>> = {
  malformed: 'a share is not 33 bytes with an x coordinate',
  'same-share': 'the two shares have the same x coordinate',
  'wrong-seed': 'the two shares do not give the expected seed',
}

/** `wrong-seed`: a share is corrupt, of another version or of another user; which of them cannot be told. */
export class ShareError extends Error {
  readonly fault: ShareFault

  constructor(fault: ShareFault) {
    super(sentences[fault])
    this.name = 'ShareError'
    this.fault = fault
  }
}

/**
 * 2 of 4 by Shamir over GF(2^8), as LearnCard splits. All six pairs are combined before any share is handed out.
 * @param seed 32 bytes.
 */
export async function splitSeed(seed: Secret): Promise<Shares> {
  if (seed.length !== SEED_LENGTH) throw new RangeError('a seed is 32 bytes')
  // The library takes exactly a Uint8Array: Node's Buffer, its subclass, would be refused.
  const shares = (await split(Uint8Array.from(seed.expose()), 4, 2)).map((share) => new Secret(share))
  const [device, auth, recovery, email] = shares as [Secret, Secret, Secret, Secret]
  for (const pair of pairsOf(shares)) await combineShares(pair, (combined) => combined.equals(seed))
  return { device, auth, recovery, email }
}

/**
 * Two shares and no check would give some seed whatever they are: a wrong share is not noticed by Shamir's scheme.
 * @throws ShareError
 */
export async function combineShares(shares: readonly [Secret, Secret], isExpected: SeedCheck): Promise<Secret> {
  const [one, other] = shares.map((share) => Uint8Array.from(share.expose())) as [Uint8Array, Uint8Array]
  for (const share of [one, other]) {
    // At x = 0 lies the secret itself: such a share would decide the result alone.
    if (share.length !== SHARE_LENGTH || share.at(-1) === 0) throw new ShareError('malformed')
  }
  if (one.at(-1) === other.at(-1)) throw new ShareError('same-share')
  const seed = new Secret(await combine([one, other]))
  if (!(await isExpected(seed))) throw new ShareError('wrong-seed')
  return seed
}

/** The form in which shares travel: 66 hex digits. */
export const shareToHex = (share: Secret): string => toHex(share.expose())

/** @throws ShareError */
export function shareFromHex(text: string): Secret {
  if (!/^[0-9a-f]{66}$/i.test(text)) throw new ShareError('malformed')
  return new Secret(fromHex(text))
}

/** Shares are sealed as their hex text. @throws ShareError */
export const shareFromSealedText = (plain: Secret): Secret => shareFromHex(decoded(plain))

function decoded(plain: Secret): string {
  try {
    return fromUtf8(plain.expose())
  } catch {
    throw new ShareError('malformed')
  }
}

const pairsOf = (shares: readonly Secret[]): readonly [Secret, Secret][] =>
  shares.flatMap((one, at) => shares.slice(at + 1).map((other): [Secret, Secret] => [one, other]))
