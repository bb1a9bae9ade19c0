import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import type { KeyDesk } from '@strongroom/service'
import type { TestApp } from '@strongroom/test-world'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { clientOf, type KeyServerClient, startKeyServer } from './client.ts'
import { activateNext, letTimePass, openDesk, replicasFollow, soon } from './rotations.ts'

const ROWS = 2000
const AT_ONCE = 16
const PIN = '4829'
const noRecovery = { RECOVERY_HSM_PIN: undefined, RECOVERY_HSM_PIN_FILE: undefined }

let app: TestApp
let desk: KeyDesk
let clients: KeyServerClient[]
const keys = new Map<string, string>()

beforeAll(async () => {
  app = await startKeyServer({ processes: 0, settings: { REWRAP_ROWS_PER_SECOND: '400' } })
  desk = await openDesk(app)
  const [one, other] = [await app.spawn(noRecovery, '--role=api'), await app.spawn(noRecovery, '--role=api')]
  clients = [one, other].map(({ baseUrl }) => clientOf(baseUrl))
  const making = Array.from({ length: AT_ONCE }, async (_, at) => {
    for (let made = at; made < ROWS; made += AT_ONCE) await create(clientAt(made))
  })
  await Promise.all(making)
}, 180_000)
afterAll(async () => {
  await desk.close()
  await app.stop()
})

const clientAt = (at: number): KeyServerClient => clients[at % clients.length] ?? clientOf('')

async function create(client: KeyServerClient) {
  const id = await client.create(PIN)
  keys.set(id, (await client.open(id, PIN)).text)
}

interface Load {
  readonly answers: () => number
  readonly wrong: string[]
  stop(): Promise<void>
}

/** Owners who open their keys and change their PINs, and newcomers, at both processes; nobody may be told anything wrong. */
function callersAt(wrong: string[] = []): Load {
  let answers = 0
  const over = new AbortController()
  const ids = [...keys.keys()]
  const callers = Array.from({ length: 8 }, async (_, caller) => {
    for (let at = caller; !over.signal.aborted; at += 8) {
      const [id = '', client] = [ids[at % ids.length], clientAt(at + caller)]
      const { status, text } = await client.open(id, PIN)
      if (text !== keys.get(id)) wrong.push(`${String(status)} ${id}`)
      if (at % 10 === 0 && (await client.change(id, PIN, PIN)).status !== 200) wrong.push(`change of ${id}`)
      if (at % 25 === 0) await create(client)
      answers++
      await delay(5)
    }
  })
  return {
    answers: () => answers,
    wrong,
    async stop() {
      over.abort()
      await Promise.all(callers)
    },
  }
}

test('keys are rotated under load, and rewrapping that is killed in the middle goes on: every key opens, the old one is unused and destroyed', async () => {
  // So slow that it is not done before it is killed, however long a loaded machine takes to do that.
  const worker = await app.spawn({ REWRAP_ROWS_PER_SECOND: '50' }, '--role=worker')
  const load = callersAt()
  expect(await activateNext(desk)).toBe(2)
  const begun = await desk.beginRewrap()
  expect(begun).toMatchObject({ state: 'running', version: 2 })
  expect(begun.total).toBeGreaterThanOrEqual(ROWS)
  await expect.poll(async () => (await desk.rewrapProgress()).done, soon).toBeGreaterThan(ROWS / 10)
  const died = once(worker.child, 'exit')
  worker.child.kill('SIGKILL')
  await died
  const halfway = await desk.rewrapProgress()
  expect(halfway.done).toBeLessThan(ROWS)
  expect((await desk.references(1)).rows).toBeGreaterThan(0)

  const next = await app.spawn({}, '--role=worker')
  await expect.poll(async () => (await desk.rewrapProgress()).state, { ...soon, timeout: 120_000 }).toBe('finished')
  const { done, unopenable, columns } = await desk.rewrapProgress()
  expect([unopenable, columns.every(({ isFinished }) => isFinished)]).toEqual([0, true])
  expect(done).toBeGreaterThanOrEqual(ROWS)
  expect(await desk.references(1)).toMatchObject({ rows: 0, columns: [] })
  const metrics = await (await fetch(`${next.baseUrl}/metrics`)).text()
  expect(metrics).toContain('strongroom_rewrap_rows_left 0')

  await letTimePass(app)
  await expect.poll(async () => (await desk.status()).replicas.length, { ...soon, timeout: 90_000 }).toBe(3)
  await replicasFollow(desk)
  await letTimePass(app)
  expect((await desk.destroy(1)).destroyed).toHaveLength(1)
  const before = load.answers()
  await expect.poll(() => load.answers(), soon).toBeGreaterThan(before + 200)
  await load.stop()
  expect(load.wrong).toEqual([])
  for (const [id, key] of keys) expect((await clientAt(0).open(id, PIN)).text).toBe(key)
}, 300_000)
