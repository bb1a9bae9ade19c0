import { randomUUID } from 'node:crypto'
import { clientOf } from '@strongroom/key-server/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  ask,
  askForBytes,
  becomeUser,
  budget,
  drawFrom,
  drawSeed,
  newAddress,
  startMailTrap,
  startOriginal,
  tellApart,
  type MailTrap,
  type Person,
  type Place,
  type Question,
} from '../src/index.ts'
import { startOnCluster, type AppOnCluster } from './app-on-cluster.ts'
import { baseUrlOf, kill, spawnApi } from './key-server.ts'
import { startOwnCluster, type OwnCluster } from './own-cluster.ts'
import { traced, traceOf } from './statements.ts'

const randomness = drawFrom(drawSeed())
const repeat = `ATTACK_SEED=${randomness.seed}`
const [pin, wrongPin] = ['4829', '4830']
const codeGuesses = 30

const keyUrl = (baseUrl: string, keyId: string) => `${baseUrl}/v2/key/${keyId}`
const userUrl = (baseUrl: string, keyId: string, userId: string) =>
  `${keyUrl(baseUrl, keyId)}/user/${encodeURIComponent(userId)}`

/** Every route that proves a PIN, asked with a wrong one. */
const pinRoutes: Record<string, (key: string, userId: string) => Question> = {
  open: (url) => ({ method: 'GET', url, pin: wrongPin }),
  change: (url) => ({ method: 'PUT', url, pin: wrongPin, body: { newPin: wrongPin } }),
  erase: (url) => ({ method: 'DELETE', url, pin: wrongPin }),
  'add a user': (url, userId) => ({ method: 'POST', url: `${url}/user`, pin: wrongPin, body: { userId } }),
  'remove a user': (url, userId) => ({
    method: 'DELETE',
    url: `${url}/user/${encodeURIComponent(userId)}`,
    pin: wrongPin,
  }),
  'cancel a reset': (url, userId) => ({
    method: 'DELETE',
    url: `${url}/user/${encodeURIComponent(userId)}/reset`,
    pin: wrongPin,
  }),
}
const verification = (url: string, op: string): Question => ({
  method: 'PUT',
  url,
  body: { code: '000000', op, newPin: '8642' },
})

describe(`case 17, enumeration, on the original’s shape, ${repeat}`, () => {
  it('tells which keys exist: a wrong PIN is limited, an unknown key is not', async () => {
    await using original = await startOriginal()
    const baseUrl = baseUrlOf(original)
    const keyId = await clientOf(baseUrl).create(pin)
    const questions = {
      known: { method: 'GET', url: keyUrl(baseUrl, keyId), pin: wrongPin },
      unknown: { method: 'GET', url: keyUrl(baseUrl, randomUUID()), pin: wrongPin },
    }
    const verdict = await tellApart({ questions, times: budget + 1 })
    expect(verdict.told.map(({ round }) => round)).toEqual([budget + 1])
  })
})

describe(`case 17, enumeration, on the key server, ${repeat}`, () => {
  let trap: MailTrap
  let cluster: OwnCluster
  let app: AppOnCluster
  let place: Place
  let owner: Person
  /** Of a key that nobody else asks codes for. */
  let other: Person
  let unverified: string
  beforeAll(async () => {
    trap = await startMailTrap()
    cluster = await startOwnCluster(traced)
    app = await startOnCluster(cluster.url, { SMTP_URL: trap.url })
    const api = await spawnApi(app)
    const worker = await app.spawn({}, '--role=worker')
    place = { baseUrl: api.baseUrl, textsTo: (address) => trap.mailsTo(address).map(({ text }) => text) }
    owner = await becomeUser(place, pin, newAddress(randomness))
    unverified = newAddress(randomness)
    other = await becomeUser(place, pin, newAddress(randomness))
    await clientOf(api.baseUrl).addUser(other.keyId, pin, unverified)
    // What a worker does meanwhile would stand in the traces.
    await kill(worker)
  })
  afterAll(async () => {
    await app[Symbol.asyncDispose]()
    await cluster[Symbol.asyncDispose]()
    await trap[Symbol.asyncDispose]()
  })

  describe.each(Object.entries(pinRoutes))('%s: a wrong PIN and an unknown key', (_, question) => {
    it('answer alike to the byte, also when the guesses are spent', async () => {
      const keyId = await clientOf(place.baseUrl).create(pin)
      const questions = {
        wrong: question(keyUrl(place.baseUrl, keyId), newAddress(randomness)),
        unknown: question(keyUrl(place.baseUrl, randomUUID()), newAddress(randomness)),
      }
      const { statuses, told } = await tellApart({ questions, times: budget + 2 })
      expect(told).toEqual([])
      expect(statuses.map((status) => status.split(' ')[1])).toEqual([
        ...Array<string>(budget).fill('404'),
        ...Array<string>(2).fill('429'),
      ])
    })

    it('take the same statements and commits, also when the guesses are spent', async () => {
      const [keyId, nothing] = [await clientOf(place.baseUrl).create(pin), randomUUID()]
      for (const guesses of [1, budget]) {
        const traces = []
        for (const id of [keyId, nothing]) {
          const asked = question(keyUrl(place.baseUrl, id), owner.userId)
          for (let guess = 0; guess < guesses; guess++) await ask(asked)
          traces.push(await traceOf(app, () => ask(asked)))
        }
        expect(traces[0]?.length).toBeGreaterThan(0)
        expect(traces[1]).toEqual(traces[0])
      }
    })
  })

  const urls = async () => {
    const userId = newAddress(randomness)
    await clientOf(place.baseUrl).addUser(owner.keyId, pin, userId)
    return {
      wrong: userUrl(place.baseUrl, owner.keyId, userId),
      unknownUser: userUrl(place.baseUrl, owner.keyId, newAddress(randomness)),
      unknownKey: userUrl(place.baseUrl, randomUUID(), owner.userId),
    }
  }
  const reset = (keyId: string, userId: string) => ({
    method: 'GET',
    url: `${userUrl(place.baseUrl, keyId, userId)}/reset`,
  })

  describe.each(['verify', 'reset-pin'])('proving a code, %s: a wrong code, an unknown user, an unknown key', (op) => {
    it('answer alike to the byte, also when the guesses are spent', async () => {
      const questions = Object.fromEntries(
        Object.entries(await urls()).map(([name, url]) => [name, verification(url, op)]),
      )
      const { statuses, told } = await tellApart({ questions, times: codeGuesses + 2 })
      expect(told).toEqual([])
      expect(statuses.filter((status) => status.includes('404'))).toHaveLength(codeGuesses)
      expect(statuses.filter((status) => status.includes('429'))).toHaveLength(2)
    })

    it('take the same statements and commits, also when the guesses are spent', async () => {
      const asked = Object.values(await urls()).map((url) => verification(url, op))
      for (const guesses of [1, codeGuesses]) {
        const traces = []
        for (const one of asked) {
          for (let guess = 0; guess < guesses; guess++) await ask(one)
          traces.push(await traceOf(app, () => ask(one)))
        }
        expect(traces[0]?.length).toBeGreaterThan(0)
        expect(traces.slice(1)).toEqual([traces[0], traces[0]])
      }
    })
  })

  it('a trace sees what it should: a right PIN takes other statements, and a guess is written', async () => {
    const url = keyUrl(place.baseUrl, owner.keyId)
    const wrong = await traceOf(app, () => ask({ method: 'GET', url, pin: wrongPin }))
    const right = await traceOf(app, () => ask({ method: 'GET', url, pin }))
    expect(right).not.toEqual(wrong)
    expect(wrong.filter((line) => line.includes('writing') && line.includes('guesses.budgets'))).toHaveLength(1)
  })

  it('asking for a code tells who is verified, as the contract demands, and nothing more', async () => {
    const questions = {
      unverified: reset(other.keyId, unverified),
      unknownUser: reset(other.keyId, newAddress(randomness)),
      unknownKey: reset(randomUUID(), other.userId),
    }
    const { statuses, told } = await tellApart({ questions, times: 3 })
    expect([statuses, told]).toEqual([Array(3).fill('HTTP/1.1 404 Not Found'), []])
    const traces = []
    for (const one of Object.values(questions)) traces.push(await traceOf(app, () => ask(one)))
    expect(traces.slice(1)).toEqual([traces[0], traces[0]])
    expect(await askForBytes(reset(other.keyId, other.userId))).toMatch(/^HTTP\/1.1 200 OK/)
  })
})
