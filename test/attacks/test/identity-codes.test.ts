import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  answerTo,
  ask,
  confuseIdentityCodes,
  drawFrom,
  drawSeed,
  guessRecoveryMail,
  mustAnswer,
  mustDemand,
  newAddress,
  newestCode,
  passing,
  recoveryOf,
  settleOwner,
  spellings,
  startIdentityOriginal,
} from '../src/index.ts'
import { identityPlaceOf, type IdentityWorld, originalPlaceOf, startIdentity } from './identity-storage.ts'
import { passTime } from './key-server.ts'

const randomness = drawFrom(drawSeed())
const repeat = `ATTACK_SEED=${randomness.seed}`
const budget = 10
/** With a k, for the spelling that only Unicode knows. */
const address = () => `k${newAddress(randomness)}`

describe(`case 16, codes of recoveries, on the original’s shape, ${repeat}`, () => {
  it('compares as many as are sent, and takes the right one after them', async () => {
    await using original = await startIdentityOriginal()
    const place = originalPlaceOf(original)
    const victim = await settleOwner(place, randomness)
    const attack = { place, ...original, victim, requests: 1, guesses: 300, connections: 20, randomness }
    expect(await guessRecoveryMail(attack)).toEqual({
      guesses: 300,
      compared: 300,
      refused: 0,
      strange: [],
      rightCode: 204,
    })
  })
})

describe(`case 16, codes of recoveries, on identity-storage, ${repeat}`, () => {
  let world: IdentityWorld
  beforeAll(async () => {
    world = await startIdentity({ processes: 2 })
  })
  afterAll(() => world[Symbol.asyncDispose]())
  const place = () => identityPlaceOf(world)

  it('compares ten an hour, whatever the request, the code, the connection and the process', async () => {
    const victim = await settleOwner(place(), randomness)
    const attack = { place: place(), ...world.app, victim, requests: 4, guesses: 40, connections: 30, randomness }
    const verdict = await guessRecoveryMail(attack)
    expect(verdict).toEqual({ guesses: 160, compared: budget, refused: 160 - budget, strange: [], rightCode: 429 })
  })

  it('what it allows: whoever knows an address keeps it from recoveries, for windows that double; then its owner gets in', async () => {
    const victim = await settleOwner(place(), randomness)
    const attack = { place: place(), ...world.app, victim, requests: 1, guesses: 20, connections: 5, randomness }
    expect((await guessRecoveryMail(attack)).compared).toBe(budget)
    await passTime(world.app, '61 minutes')
    expect((await guessRecoveryMail(attack)).compared).toBe(budget)
    await passTime(world.app, '61 minutes')
    expect((await guessRecoveryMail(attack)).compared).toBe(0)
    await passTime(world.app, '1 day')
    const { question } = recoveryOf(place(), victim, randomness)
    await mustAnswer(passing(place(), question, { email: victim.email }), 200)
  })

  it('a code is good for its own request, from where it came, once', async () => {
    const victim = await settleOwner(place(), randomness, { email: address() })
    expect(await confuseIdentityCodes(place(), victim, randomness)).toEqual([])
  })

  it('of twenty that bring the right code at once one is believed', async () => {
    const victim = await settleOwner(place(), randomness)
    const { question } = recoveryOf(place(), victim, randomness)
    const demand = mustDemand(await ask(question()))
    const code = await newestCode(place(), victim.email)
    const answers = await Promise.all(Array.from({ length: 20 }, () => answerTo(place(), demand, code)))
    expect(answers.filter(({ status }) => status === 204)).toHaveLength(1)
  })

  it('an address is the one that was verified: its own in any case of A to Z, no other spelling', async () => {
    const email = address()
    const victim = await settleOwner(place(), randomness, { email })
    const found = []
    for (const spelled of spellings(email)) {
      const { status } = await ask(recoveryOf(place(), { ...victim, email: spelled }, randomness).question())
      if (status === 403) found.push(spelled)
    }
    expect(found).toEqual([email.toUpperCase()])
  })
})
