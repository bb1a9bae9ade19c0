import { fromBase64url, toBase64url } from '@strongroom/crypto'
import { shiftClock, sql } from '@strongroom/storage'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { type ChallengeWorld, startChallengeWorld } from '../test/challenge-world.ts'
import { challengesFor, issueChallenge, issueChallenges, sweepChallenges } from './challenges.ts'

const wish = { subject: 'ann', purpose: 'sign-in', lifetime: 600 }

let world: ChallengeWorld
beforeEach(async () => {
  world = await startChallengeWorld()
})
afterEach(() => world.close())

type Wish = Parameters<typeof issueChallenges>[1]
const issue = (changed: Partial<Wish> = {}) => issueChallenge(world, { ...wish, ...changed })
const issueMany = (amount: number, changed: Partial<Wish> = {}) =>
  issueChallenges(world, { ...wish, ...changed, amount })
const take = (challenge: string, { subject, purpose }: Pick<Wish, 'subject' | 'purpose'> = wish) =>
  challengesFor(world, purpose).take(subject, challenge)
const live = async (challenges: readonly string[]) =>
  (await Promise.all(challenges.map((one) => take(one)))).filter(Boolean).length
const rows = async () => {
  const kept = await world.owner.many(
    z.object({ row: z.string() }),
    sql`
    select a::text as row from proofs.answered_challenges as a`,
  )
  return kept.map(({ row }) => row)
}

/** The places of a challenge's parts, in bytes. */
const [END, DRAWN, PLACE, TAG] = [0, 5, 15, 16]
const changed = (challenge: string, at: number, to: (byte: number) => number) => {
  const bytes = Uint8Array.from(fromBase64url(challenge))
  bytes[at] = to(bytes[at] as number)
  return toBase64url(bytes)
}
const flipped = (challenge: string, at: number) => changed(challenge, at, (byte) => byte ^ 1)

test('a challenge is 43 characters of base64url, and never the same', async () => {
  const issued = [...(await Promise.all(Array.from({ length: 20 }, () => issue()))), ...(await issueMany(100))]
  expect(new Set(issued).size).toBe(120)
  for (const one of issued) expect(one).toMatch(/^[\w-]{43}$/)
  const drawn = (await issue({ random: (bytes) => new Uint8Array(bytes).fill(7) })).slice(0, 20)
  expect(fromBase64url(drawn).subarray(DRAWN)).toEqual(new Uint8Array(PLACE - DRAWN).fill(7))
  await expect(issue({ random: () => new Uint8Array(4) })).rejects.toThrow('another number of bytes')
})

test('several of one request are all good, each once', async () => {
  const issued = await issueMany(100)
  expect(await live(issued)).toBe(100)
  expect(await live(issued)).toBe(0)
})

test('it is good once: of a hundred takers on two pools and two keystores, one gets it', async () => {
  const others = await world.beside()
  const challenge = await issue()
  const taken = await Promise.all(
    Array.from({ length: 100 }, (_, taker) =>
      challengesFor(taker % 2 ? others : world, wish.purpose).take(wish.subject, challenge),
    ),
  )
  expect(taken.filter(Boolean)).toHaveLength(1)
  const restarted = await world.beside()
  expect(await challengesFor(restarted, wish.purpose).take(wish.subject, challenge)).toBe(false)
})

test('whoever issued it, any process takes it', async () => {
  const challenge = await issueChallenge(await world.beside(), wish)
  expect(await take(challenge)).toBe(true)
})

test('it is good for its subject and purpose alone, and no other uses it up', async () => {
  const challenge = await issue()
  expect(await take(challenge, { ...wish, subject: 'eve' })).toBe(false)
  expect(await take(challenge, { ...wish, purpose: 'erase' })).toBe(false)
  expect(await take(challenge, { subject: wish.purpose, purpose: wish.subject })).toBe(false)
  expect(await take(challenge)).toBe(true)
})

test('where subject ends and purpose begins is told apart', async () => {
  const challenge = await issue({ purpose: 'a', subject: 'bc' })
  expect(await take(challenge, { purpose: 'ab', subject: 'c' })).toBe(false)
})

test('whatever is changed of it, it is refused: its end, what was drawn, its place, its tag', async () => {
  const challenge = await issue()
  for (let at = END; at < TAG + 16; at++) expect([at, await take(flipped(challenge, at))]).toEqual([at, false])
  expect(await take(challenge)).toBe(true)
})

test('knowing some challenges of a request tells no other', async () => {
  const known = (await issueMany(3)).map((one) => Buffer.from(one, 'base64url'))
  const tags = known.map((one) => one.subarray(TAG))
  const forged = tags.flatMap((tag) =>
    known.map((one) => Buffer.concat([one.subarray(0, PLACE), Buffer.of(3), tag]).toString('base64url')),
  )
  expect(await live(forged)).toBe(0)
  const swapped = known.map((one, at) => Buffer.concat([one.subarray(0, TAG), tags.at(at - 1) ?? one]))
  expect(await live(swapped.map((one) => one.toString('base64url')))).toBe(0)
})

test('when its time is over by the database’s clock it is refused', async () => {
  const challenge = await issue()
  const younger = await issue({ lifetime: 3600 })
  await shiftClock(world.owner, '11 minutes')
  expect(await take(challenge)).toBe(false)
  expect(await take(younger)).toBe(true)
  // Issued by that clock as well.
  expect(await take(await issue())).toBe(true)
})

test('what was never issued is refused, whatever it is', async () => {
  const odd = ['', '0', 'x'.repeat(43), '\uD800'.repeat(43), "' or true --", 'A'.repeat(43), 'A'.repeat(100_000)]
  for (const text of odd) expect(await take(text)).toBe(false)
  expect(await take(await issue(), { ...wish, subject: '\uD800' })).toBe(false)
})

test('nothing is stored of a challenge until it is answered, nor of a wrong answer; then it alone, and nothing of its subject', async () => {
  const [first = '', ...others] = await issueMany(3, { subject: 'did:key:canary' })
  expect(await take(first)).toBe(false)
  expect(await rows()).toEqual([])
  expect(await take(first, { ...wish, subject: 'did:key:canary' })).toBe(true)
  const kept = await rows()
  expect(kept).toHaveLength(1)
  for (const text of ['did:key:canary', ...others.map((one) => Buffer.from(one, 'base64url').toString('hex'))])
    for (const form of [text, Buffer.from(text).toString('hex')]) expect(kept.join()).not.toContain(form)
})

test('any number that are asked for crowd out none', async () => {
  const first = await issue()
  for (let round = 0; round < 20; round++) await Promise.all(Array.from({ length: 10 }, () => issueMany(100)))
  expect(await take(first)).toBe(true)
})

test.each([{ lifetime: 0 }, { lifetime: 86_401 }, { lifetime: 0.5 }, { amount: 0 }, { amount: 101 }, { amount: 1.5 }])(
  '%j is a bug of the caller',
  async (bad) => {
    await expect(issueChallenges(world, { ...wish, ...bad })).rejects.toThrow(z.ZodError)
  },
)

test('a sweep forgets answers of what ended a minute ago and nothing else, and none is good again', async () => {
  const [old, young] = [await issue(), await issue({ lifetime: 3600 })]
  expect(await live([old, young])).toBe(2)
  await shiftClock(world.owner, '10 minutes 30 seconds')
  expect(await sweepChallenges(world.database)).toBe(0)
  await shiftClock(world.owner, '30 seconds')
  expect(await sweepChallenges(world.database)).toBe(1)
  expect(await sweepChallenges(world.database)).toBe(0)
  expect(await rows()).toHaveLength(1)
  expect(await live([old, young])).toBe(0)
})
