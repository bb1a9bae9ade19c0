import { clientOf } from '@strongroom/key-server/testing'
import type { TestApp } from '@strongroom/test-world'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  addWhileProviderIsAway,
  becomeUser,
  drawFrom,
  drawSeed,
  joinKey,
  newAddress,
  startMailTrap,
  startOriginal,
  waitUntil,
  type MailTrap,
  type Person,
  type Place,
} from '../src/index.ts'
import { areJobsQuiet, skipToNextAttempt } from './job-time.ts'
import { baseUrlOf, startKeyServer } from './key-server.ts'

const randomness = drawFrom(drawSeed())
const repeat = `ATTACK_SEED=${randomness.seed}`

describe(`case 22, provider away, on the original’s shape, ${repeat}`, () => {
  it('tells nobody, ever', async () => {
    await using original = await startOriginal()
    const verdict = await addWhileProviderIsAway({
      place: { baseUrl: baseUrlOf(original), textsTo: original.textsTo },
      takeProvider: () => original.takeProvider(),
      bringProviderBack: () => original.bringProviderBack(),
      whenSettled: async () => undefined,
      people: 5,
      randomness,
    })
    expect(verdict).toEqual({ asked: 5, answered: 0, told: 0, doubled: 0 })
  })
})

describe(`case 22, provider away, on the key server, ${repeat}`, () => {
  let app: TestApp
  let trap: MailTrap
  let place: Place
  beforeAll(async () => {
    trap = await startMailTrap()
    app = await startKeyServer({ settings: { SMTP_URL: trap.url } })
    const textsTo = async (address: string) =>
      address.startsWith('+')
        ? (await app.messagesTo(address)).map(({ text }) => text)
        : trap.mailsTo(address).map(({ text }) => text)
    place = { baseUrl: baseUrlOf(app), textsTo }
  })
  afterAll(async () => {
    await app.stop()
    await trap[Symbol.asyncDispose]()
  })
  const quiet = () => waitUntil('quiet jobs', () => areJobsQuiet(app))
  const noticesTo = (address: string) =>
    trap.mailsTo(address).filter(({ text }) => text.includes('PIN of your key was changed'))
  const changePin = async ({ keyId, pin }: Person) =>
    expect((await clientOf(place.baseUrl).change(keyId, pin, pin)).status).toBe(200)

  it('tells everybody who was answered once it is back, once', async () => {
    const verdict = await addWhileProviderIsAway({
      place,
      takeProvider: () => trap.behave('away'),
      bringProviderBack: () => trap.behave('take'),
      async whenSettled() {
        await quiet()
        while ((await skipToNextAttempt(app)) !== undefined) await quiet()
      },
      people: 20,
      randomness,
    })
    expect(verdict).toEqual({ asked: 20, answered: 20, told: 20, doubled: 0 })
  })

  it('away for an hour with many notices: others flow, each is tried ever more seldom, and told once', async () => {
    const people = []
    for (let key = 0; key < 3; key++) {
      const first = await becomeUser(place, '4829', newAddress(randomness))
      people.push(first)
      for (let more = 0; more < 3; more++) {
        const next = { ...first, userId: newAddress(randomness) }
        await joinKey(place, next)
        people.push(next)
      }
    }
    const [owner] = people
    if (owner === undefined) throw new Error('nobody')
    const phone = `+4915${String(10_000_000 + randomness.integer(89_999_999))}`
    await joinKey(place, { ...owner, userId: phone })
    await quiet()

    trap.behave('away')
    const owners = people.filter((_, index) => index % 4 === 0)
    for (let times = 0; times < 4; times++) for (const one of owners) await changePin(one)
    await waitUntil(
      'an SMS',
      async () => (await place.textsTo(phone)).filter((text) => text.includes('was changed')).length === 4,
    )
    const waits: number[] = []
    while (waits.reduce((sum, wait) => sum + wait, 0) < 3_600) {
      await quiet()
      waits.push((await skipToNextAttempt(app)) ?? Number.NaN)
    }
    await quiet()
    const [tried] = await app.sql(
      'select count(*)::int as jobs, max(attempts) as most from graphile_worker._private_jobs',
    )
    expect(tried).toMatchObject({ jobs: 48 })
    expect(Number(tried?.['most'])).toBeLessThanOrEqual(10)
    expect(Math.max(...waits)).toBeGreaterThan(600)

    trap.behave('take')
    while ((await skipToNextAttempt(app)) !== undefined) await quiet()
    expect(people.map(({ userId }) => noticesTo(userId).length)).toEqual(people.map(() => 4))
    const ids = people.flatMap(({ userId }) => noticesTo(userId).map(({ messageId }) => messageId))
    expect(new Set(ids).size).toBe(48)
  })

  it('a notice that never succeeds is parked and seen, and others flow', async () => {
    const owner = await becomeUser(place, '4829', newAddress(randomness))
    const poisoned = { ...owner, userId: newAddress(randomness) }
    await joinKey(place, poisoned)
    await quiet()
    trap.refuse(poisoned.userId)
    await changePin(owner)
    await waitUntil('a notice', () => noticesTo(owner.userId).length === 1)
    await quiet()
    while ((await skipToNextAttempt(app)) !== undefined) await quiet()
    const [parked] = await app.sql(
      'select count(*)::int as jobs, bool_and(attempts = max_attempts) as parked from graphile_worker._private_jobs',
    )
    expect(parked).toEqual({ jobs: 1, parked: true })
    const metrics = await clientOf(place.baseUrl).ask({ path: '/metrics' })
    expect(metrics.text).toContain('strongroom_jobs{kind="pin-keys.deliver-notice",state="parked"} 1')
    await changePin(owner)
    await waitUntil('the next notice', () => noticesTo(owner.userId).length === 2)
    expect(noticesTo(poisoned.userId)).toEqual([])
  })
})
