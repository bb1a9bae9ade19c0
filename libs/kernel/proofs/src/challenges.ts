import { type RandomSource, sha256, systemRandom, toBase64url, toUtf8 } from '@strongroom/crypto'
import { readMigrations, sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'

export const proofMigrations = readMigrations('proofs', new URL('../migrations/', import.meta.url), {
  challenges: ['select', 'insert', 'delete'],
  seen_signatures: ['select', 'insert', 'delete'],
})

export interface ChallengeWish {
  /** Who is to answer it: a DID, a device; nobody else can. Stored as a digest. */
  readonly subject: string
  /** What it is for; it is good for nothing else. */
  readonly purpose: string
  /** Seconds. */
  readonly lifetime: number
  /** How many of one subject and purpose are kept: 100 unless said. A new one takes the place of the oldest. */
  readonly most?: number
  readonly random?: RandomSource
}

const BYTES = 32
const challengePattern = /^[\w-]{43}$/
const limits = z.object({ lifetime: z.int().min(1).max(86_400), most: z.int().min(1).max(1000) })

/** A fresh challenge: 256 random bits in base64url, good once. In a transaction, requests of one subject wait for its end. */
export async function issueChallenge(statements: Statements, wish: ChallengeWish): Promise<string> {
  const [challenge] = await issueChallenges(statements, wish, 1)
  return challenge as string
}

/**
 * Several at once, in one statement.
 * @throws RangeError where more are asked for than are kept.
 */
export async function issueChallenges(
  statements: Statements,
  { subject, purpose, lifetime: seconds, most: kept = 100, random = systemRandom }: ChallengeWish,
  amount: number,
): Promise<readonly string[]> {
  const { lifetime, most } = limits.parse({ lifetime: seconds, most: kept })
  if (!Number.isSafeInteger(amount) || amount < 1 || amount > most) throw new RangeError('1 to `most` challenges')
  const challenges = Array.from({ length: amount }, () => draw(random))
  const digests = challenges.map((one) => Buffer.from(digest(one)))
  await statements.run(sql`
    select proofs.issue_challenges(
      ${purpose}::text, ${digest(subject)}::bytea, ${digests}::bytea[], ${lifetime}::int, ${most}::int)`)
  return challenges
}

function draw(random: RandomSource): string {
  const bytes = random(BYTES)
  if (bytes.length !== BYTES) throw new Error('the random source gave another number of bytes than asked')
  return toBase64url(bytes)
}

export interface Answer {
  readonly subject: string
  readonly purpose: string
  readonly challenge: string
}

/** Whether this was a live challenge of that subject and purpose. It is none any more: of any number of takers one gets it. */
export async function takeChallenge(statements: Statements, { subject, purpose, challenge }: Answer): Promise<boolean> {
  if (!challengePattern.test(challenge) || !subject.isWellFormed()) return false
  const taken = await statements.run(sql`
    delete from proofs.challenges
     where challenge = ${digest(challenge)} and subject = ${digest(subject)} and purpose = ${purpose}
       and expires_at > strongroom.now()
    returning id`)
  return taken === 1
}

/** Removes those that expired; answers how many. For a job that runs every hour or day. */
export const sweepChallenges = (statements: Statements): Promise<number> =>
  statements.run(sql`delete from proofs.challenges where expires_at <= strongroom.now()`)

/** Where a prover looks for what it was answered. */
export interface Challenges {
  take(subject: string, challenge: string): Promise<boolean>
}

export const challengesFor = (statements: Statements, purpose: string): Challenges => ({
  take: (subject, challenge) => takeChallenge(statements, { subject, purpose, challenge }),
})

const digest = (text: string): Uint8Array => sha256(toUtf8(text))
