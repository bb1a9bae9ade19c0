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
import type { Challenges } from '@strongroom/proofs'
import { column, type Database, sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'

/** The MAC key of challenges, on the app's token. */
export const CHALLENGE_USE = 'challenge'

/** Bytes of a challenge: seconds since 1970 at which it ends, what draws this request, its place therein, and the tag. */
const [END, DRAWN, PLACE, TAG] = [5, 10, 1, 16]
const HEAD = END + DRAWN
const ALL = HEAD + PLACE + TAG

export interface ChallengeDeps {
  readonly database: Database
  readonly hsm: Keystore
}

export interface ChallengeWish {
  readonly did: string
  /** Seconds. */
  readonly lifetime: number
  /** 1 to 100. */
  readonly amount: number
  readonly random?: RandomSource
}

/**
 * Challenges of a DID, 43 characters of base64url each. Nothing is stored of them until they are answered: were they kept,
 * whoever saw one presentation of the DID could ask for so many that its owner's own are crowded out. One HSM call.
 */
export async function issueChallenges(
  { database, hsm }: ChallengeDeps,
  { did, lifetime, amount, random = systemRandom }: ChallengeWish,
): Promise<string[]> {
  const { now } = await database.reading.one(z.object({ now: column.instant }), sql`select strongroom.now() as now`)
  const head = new Uint8Array(HEAD)
  const end = Math.floor(now.getTime() / 1000) + lifetime
  new DataView(head.buffer).setUint8(0, Math.floor(end / 2 ** 32))
  new DataView(head.buffer).setUint32(1, end % 2 ** 32)
  head.set(random(DRAWN), END)
  const mac = await macOf(hsm, did, head)
  return Array.from({ length: amount }, (_, place) => {
    const named = Uint8Array.of(...head, place)
    return toBase64url(Uint8Array.of(...named, ...tagOf(mac, named)))
  })
}

/** Takes each answer of a challenge once, over connections and processes; of another DID, or too late, none. */
export const answersTo = ({ database, hsm }: ChallengeDeps): Challenges => ({
  async take(did, text) {
    const challenge = read(text)
    if (!challenge) return false
    const named = challenge.subarray(0, HEAD + PLACE)
    const mac = await macOf(hsm, did, challenge.subarray(0, HEAD))
    if (!equalBytes(tagOf(mac, named), challenge.subarray(HEAD + PLACE))) return false
    const view = new DataView(challenge.buffer, challenge.byteOffset)
    return noteAnswer(database, challenge, view.getUint8(0) * 2 ** 32 + view.getUint32(1))
  },
})

/** What ended by itself. */
export const forgetAnswers = (statements: Statements): Promise<number> =>
  statements.run(sql`delete from secret_shares.answered_challenges where ends_at <= strongroom.now()`)

const macOf = (hsm: Keystore, did: string, head: Uint8Array): Promise<Uint8Array> =>
  hsm.mac(CHALLENGE_USE, encodeTuple('did-challenge', did, head))

/** The MAC never leaves, so that nobody who has one challenge of a request knows another. */
const tagOf = (mac: Uint8Array, named: Uint8Array): Uint8Array =>
  sha256(Uint8Array.of(...mac, ...named)).subarray(0, TAG)

function read(text: string): Uint8Array | undefined {
  try {
    const bytes = fromBase64url(text)
    return bytes.length === ALL ? bytes : undefined
  } catch {
    return undefined
  }
}

const noteAnswer = async (statements: Statements, challenge: Uint8Array, end: number): Promise<boolean> =>
  (await statements.run(sql`
    insert into secret_shares.answered_challenges (challenge, ends_at)
    select ${challenge}::bytea, to_timestamp(${end}::bigint) where to_timestamp(${end}::bigint) > strongroom.now()
    on conflict do nothing`)) === 1
