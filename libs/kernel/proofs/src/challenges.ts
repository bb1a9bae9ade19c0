import {
  encodeTuple,
  equalBytes,
  fromBase64url,
  type RandomSource,
  sha256,
  systemRandom,
  toBase64url,
} from '@strongroom/crypto'
import type { Keystore } from '@strongroom/hsm'
import { column, type Database, readMigrations, sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'

export const proofMigrations = readMigrations('proofs', new URL('../migrations/', import.meta.url), {
  answered_challenges: ['select', 'insert', 'delete'],
  seen_signatures: ['select', 'insert', 'delete'],
})

/** The MAC key of challenges, on the app's token. */
export const CHALLENGE_USE = 'challenge'

export interface ChallengeDeps {
  readonly database: Database
  readonly hsm: Keystore
}

export interface ChallengeWish {
  /** Who is to answer it: a DID, a device; nobody else can. */
  readonly subject: string
  /** What it is for; it is good for nothing else. */
  readonly purpose: string
  /** Seconds, at most a day. */
  readonly lifetime: number
  readonly random?: RandomSource
}

/** Bytes of a challenge: seconds since 1970 at which it ends, what was drawn for this request, its place therein, and the tag. */
const [END, DRAWN, PLACE, TAG] = [5, 10, 1, 16]
const HEAD = END + DRAWN
const NAMED = HEAD + PLACE
const challengePattern = /^[\w-]{43}$/
const limits = z.object({ lifetime: z.int().min(1).max(86_400), amount: z.int().min(1).max(100) })

/**
 * Up to 100 challenges of one subject and purpose, 43 characters of base64url each, for one HSM call. Nothing is stored of
 * them until they are answered: of a bounded list, whoever may ask in somebody's name could push out the owner's own.
 */
export async function issueChallenges(
  { database, hsm }: ChallengeDeps,
  { subject, purpose, random = systemRandom, ...wish }: ChallengeWish & { readonly amount?: number },
): Promise<string[]> {
  const { lifetime, amount } = limits.parse({ lifetime: wish.lifetime, amount: wish.amount ?? 1 })
  const { now } = await database.reading.one(z.object({ now: column.instant }), sql`select strongroom.now() as now`)
  const drawn = random(DRAWN)
  if (drawn.length !== DRAWN) throw new Error('the random source gave another number of bytes than asked')
  const head = Uint8Array.of(...writeEnd(Math.floor(now.getTime() / 1000) + lifetime), ...drawn)
  const mac = await hsm.mac(CHALLENGE_USE, messageOf({ subject, purpose }, head))
  return Array.from({ length: amount }, (_, place) => {
    const named = Uint8Array.of(...head, place)
    return toBase64url(Uint8Array.of(...named, ...tagOf(mac, named)))
  })
}

export async function issueChallenge(deps: ChallengeDeps, wish: ChallengeWish): Promise<string> {
  const [challenge] = await issueChallenges(deps, { ...wish, amount: 1 })
  return challenge as string
}

/** Where a prover looks for what it was answered. */
export interface Challenges {
  /** Whether this is a live challenge of that subject. It is none any more: of any number of takers one gets it. */
  take(subject: string, challenge: string): Promise<boolean>
}

/** Takes each challenge of that purpose once, over connections and processes. Throws the outages of token and database. */
export const challengesFor = ({ database, hsm }: ChallengeDeps, purpose: string): Challenges => ({
  async take(subject, text) {
    const challenge = read(text)
    if (!challenge || !subject.isWellFormed()) return false
    const named = challenge.subarray(0, NAMED)
    const macs = await hsm.macs(CHALLENGE_USE, messageOf({ subject, purpose }, challenge.subarray(0, HEAD)))
    const own = macs.filter(({ mac }) => equalBytes(tagOf(mac, named), challenge.subarray(NAMED)))
    if (own.length === 0) return false
    return noteAnswer(database, challenge, readEnd(challenge))
  },
})

/**
 * Forgets answers of challenges that ended; answers how many. For a job that runs every hour or day. A minute late: the
 * time of a statement is that of its start, and one that began before the end may be about to write.
 */
export const sweepChallenges = (statements: Statements): Promise<number> =>
  statements.run(sql`
    delete from proofs.answered_challenges where ends_at <= strongroom.now() - interval '1 minute'`)

const messageOf = ({ subject, purpose }: Pick<ChallengeWish, 'subject' | 'purpose'>, head: Uint8Array) =>
  encodeTuple('challenge', purpose, subject, head)

/** The MAC never leaves, so that nobody who has one challenge of a request knows another. */
const tagOf = (mac: Uint8Array, named: Uint8Array): Uint8Array =>
  sha256(Uint8Array.of(...mac, ...named)).subarray(0, TAG)

function writeEnd(seconds: number): Uint8Array {
  const bytes = new Uint8Array(END)
  const view = new DataView(bytes.buffer)
  view.setUint8(0, Math.floor(seconds / 2 ** 32))
  view.setUint32(1, seconds % 2 ** 32)
  return bytes
}

function readEnd(challenge: Uint8Array): number {
  const view = new DataView(challenge.buffer, challenge.byteOffset)
  return view.getUint8(0) * 2 ** 32 + view.getUint32(1)
}

function read(text: string): Uint8Array | undefined {
  if (!challengePattern.test(text)) return undefined
  try {
    return fromBase64url(text)
  } catch {
    return undefined
  }
}

const noteAnswer = async (statements: Statements, challenge: Uint8Array, end: number): Promise<boolean> =>
  (await statements.run(sql`
    insert into proofs.answered_challenges (challenge, ends_at)
    select ${challenge}::bytea, to_timestamp(${end}::bigint) where to_timestamp(${end}::bigint) > strongroom.now()
    on conflict do nothing`)) === 1
