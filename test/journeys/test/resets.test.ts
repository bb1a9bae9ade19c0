import { randomInt } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { passDays } from '../src/clock.ts'
import { eventually } from '../src/eventually.ts'
import { findHalfDone } from '../src/half-done.ts'
import { fieldOf, hearSurely, keyServerAt } from '../src/key-server.ts'
import { outboxOf, type Outbox } from '../src/outbox.ts'
import { personWith, type Person } from '../src/person.ts'
import { rounds } from '../src/rounds.ts'
import { makeState, type State } from '../src/state.ts'
import { strike, type Victim } from '../src/victims.ts'
import { startSupervisor, worldFile, type RunningWorld } from '../src/world.ts'

let state: State
let world: RunningWorld
let outbox: Outbox
let person: Person
const server = keyServerAt(() => worldFile(state).apps['key-server'])

let deaths = 0

beforeAll(async () => {
  state = await makeState()
  outbox = outboxOf(state)
  person = personWith({ server, outbox })
  await start()
})
beforeEach(async () => {
  // A supervisor waits longer after each death; a new one does not know of them.
  if (deaths < 8) return
  await stop()
  await start()
})
afterAll(async () => {
  await stop()
  await state.remove()
})

async function start() {
  deaths = 0
  world = startSupervisor(state)
  await world.hears(/key-server is ready at .*\n/)
}

async function stop() {
  world.signal('SIGTERM')
  await world.exited
}

let people = 0
const newMail = () => `owner-${String(people++)}@example.com`
const newPhone = () => `+4915100000${String(100 + people++)}`

const open = (keyId: string, pin: string) => hearSurely(() => server.open(keyId, pin))
const delayOf = (text: string) => (JSON.parse(text) as { delay: string }).delay

async function newKey(pin: string) {
  const keyId = fieldOf((await hearSurely(() => server.create(pin))).text, 'id')
  return { keyId, encryptionKey: fieldOf((await open(keyId, pin)).text, 'encryptionKey') }
}

/** Does it while a part is killed, at some moment of it. */
async function whileKilling<T>(victim: Victim | 'nobody', act: () => Promise<T>): Promise<T> {
  if (victim === 'nobody') return act()
  deaths++
  const kill = async () => {
    await delay(randomInt(0, 80))
    await eventually(`${victim} runs and can be killed`, () => strike(state, victim))
  }
  const [done] = await Promise.all([act(), kill()])
  return done
}

/** The clock does not run while something is down. */
async function passDaysWhenAllRuns(days: number) {
  const address = worldFile(state).apps['key-server'] ?? ''
  const isReady = () =>
    fetch(`${address}/health/ready`).then(
      ({ ok }) => ok,
      () => false,
    )
  await eventually('the key server is ready', isReady)
  await passDays(state, days)
}

async function expectNothingHalfDone() {
  let found: string[] = []
  const look = () =>
    findHalfDone(worldFile(state)).then(
      (lines) => ((found = lines), true),
      () => false,
    )
  await eventually('the database answers', look)
  expect(found).toEqual([])
}

function drawTwo<T>(items: readonly T[]): ReadonlySet<T> {
  const first = randomInt(items.length)
  const second = (first + randomInt(1, items.length)) % items.length
  return new Set(items.filter((_, index) => index === first || index === second))
}

/** A notice whose worker was killed right after the provider took it comes twice, under one id. */
const noticesTo = async (address: string) =>
  [...new Map((await outbox.messagesTo(address)).map((message) => [message.id, message])).values()]
    .map(({ subject, text }) => subject || text)
    .filter((said) => !/code is|Verify/.test(said))

const stories = Array.from({ length: rounds(1) }, () => ['backend', 'app', 'postmaster'] as const).flat()

test.each(['nobody' as const, ...stories])(
  'a lost PIN is asked for, told of, waited for and set anew; the key is the same (killed meanwhile: %s)',
  async (victim) => {
    // All four take their time: two of them, drawn.
    const kills = drawTwo(['mail', 'phone', 'asking', 'completing'])
    const disturb = <T>(step: string, act: () => Promise<T>) => whileKilling(kills.has(step) ? victim : 'nobody', act)
    const [mail, phone] = [newMail(), newPhone()]
    const { keyId, encryptionKey } = await newKey('1234')
    await disturb('mail', () => person.addAddress(keyId, '1234', mail))
    await disturb('phone', () => person.addAddress(keyId, '1234', phone))
    const bothAreTold = async (saying: string) => {
      for (const address of [mail, phone]) await outbox.messageTo(address, saying)
    }

    const asked = await disturb('asking', () => person.resetPin(keyId, mail, '86420'))
    expect(asked.status).toBe(423)
    await bothAreTold('asked to reset the PIN')
    await passDaysWhenAllRuns(15)
    await bothAreTold('Half the time has passed')
    const early = await person.resetPin(keyId, mail, '86420')
    expect([early.status, delayOf(early.text)]).toEqual([423, delayOf(asked.text)])
    await passDaysWhenAllRuns(16)
    await bothAreTold('can be set anew from now on')

    expect((await disturb('completing', () => person.resetPin(keyId, mail, '86420'))).status).toBe(200)
    const opened = await open(keyId, '86420')
    expect([opened.status, fieldOf(opened.text, 'encryptionKey')]).toEqual([200, encryptionKey])
    expect((await open(keyId, '1234')).status).toBe(404)
    await bothAreTold('The PIN of your key was reset')
    // All of them; a worker that was killed over one delays it behind later ones.
    const told = [
      'An address was added to your key',
      'Somebody asked to reset the PIN of your key',
      'The PIN of your key can soon be reset',
      'The PIN of your key can be reset now',
      'The PIN of your key was reset',
    ]
    await expect.poll(async () => (await noticesTo(mail)).toSorted(), { timeout: 90_000 }).toEqual(told.toSorted())
    await expect.poll(() => noticesTo(phone), { timeout: 90_000 }).toHaveLength(4)
    await expectNothingHalfDone()
  },
)

test('a SIM thief is stopped by a link in a mail, and stays out alone; codes of both channels let the owner in', async () => {
  const [mail, stolen] = [newMail(), newPhone()]
  const { keyId, encryptionKey } = await newKey('1234')
  for (const address of [mail, stolen]) await person.addAddress(keyId, '1234', address)
  const thiefIsRefused = async () => {
    expect((await person.resetPin(keyId, stolen, '66666')).status).toBe(423)
    expect((await open(keyId, '66666')).status).toBe(404)
  }
  await thiefIsRefused()
  await outbox.messageTo(mail, 'Somebody asked to reset')

  await passDaysWhenAllRuns(29)
  const { text } = await outbox.messageTo(mail, 'can soon be reset')
  const link = /http\S+\/v2\/cancel\/\S+/.exec(text)?.[0] ?? ''
  expect(link).toContain(worldFile(state).apps['key-server'])
  const page = await hearSurely(() => server.follow(link, 'GET'))
  expect([page.status, page.text.includes('<form method="post">')]).toEqual([200, true])
  const cancelled = await whileKilling('backend', () => hearSurely(() => server.follow(link, 'POST')))
  // A repetition of what was done unheard finds nothing to cancel.
  expect([200, 404]).toContain(cancelled.status)
  await outbox.messageTo(mail, 'was cancelled')
  expect((await hearSurely(() => server.follow(link, 'GET'))).status).toBe(404)

  await passDaysWhenAllRuns(2)
  await thiefIsRefused()
  await passDaysWhenAllRuns(31)
  await outbox.messageTo(stolen, 'can be set anew from now on')
  await thiefIsRefused()

  // The thief, told by SMS, cannot ride on what the owner proves by mail.
  expect((await person.resetPin(keyId, mail, '86420')).status).toBe(423)
  await thiefIsRefused()
  // The owner has the number back.
  expect((await person.resetPin(keyId, stolen, '86420')).status).toBe(200)
  expect(fieldOf((await open(keyId, '86420')).text, 'encryptionKey')).toBe(encryptionKey)
  await expectNothingHalfDone()
})
