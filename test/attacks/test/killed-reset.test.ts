import { clientOf, type KeyServerClient } from '@strongroom/key-server/testing'
import type { TestApp } from '@strongroom/test-world'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { drawFrom, drawSeed, startMailTrap, type MailTrap } from '../src/index.ts'
import { hold } from './hold.ts'
import { baseUrlOf, kill, outcomeOf, passTime, spawnApi, startKeyServer } from './key-server.ts'
import { findOrphans } from './orphans.ts'
import { WorkerRelay } from './worker-relay.ts'

const randomness = drawFrom(drawSeed())
const patient = { timeout: 60_000 }

const keyOf = (text: string) => (JSON.parse(text) as { encryptionKey: string }).encryptionKey

interface Waiting {
  keyId: string
  userId: string
  encryptionKey: string
}

describe(`case 8, kill -9 while a reset completes, ATTACK_SEED=${randomness.seed}`, () => {
  let app: TestApp
  let trap: MailTrap
  let client: KeyServerClient
  let workers: WorkerRelay
  beforeAll(async () => {
    trap = await startMailTrap()
    app = await startKeyServer({ processes: 0, settings: { SMTP_URL: trap.url } })
    await spawnApi(app)
    client = clientOf(baseUrlOf(app))
    workers = new WorkerRelay(app)
    await workers.next()
  })
  afterAll(async () => {
    await app.stop()
    await trap[Symbol.asyncDispose]()
  })

  const nextCode = async (userId: string, ask: () => Promise<unknown>) => {
    const before = trap.codesTo(userId).length
    await ask()
    await expect.poll(() => trap.codesTo(userId).length, patient).toBe(before + 1)
    return trap.codesTo(userId).at(-1) ?? ''
  }
  async function armReset(): Promise<Waiting> {
    const [keyId, userId] = [await client.create('4829'), `${randomness.token(16)}@example.com`]
    const encryptionKey = keyOf((await client.open(keyId, '4829')).text)
    const first = await nextCode(userId, () => client.addUser(keyId, '4829', userId))
    await client.verify(keyId, userId, { code: first, op: 'verify' })
    const second = await nextCode(userId, () => client.askReset(keyId, userId))
    expect((await client.verify(keyId, userId, { code: second, op: 'reset-pin' })).status).toBe(423)
    return { keyId, userId, encryptionKey }
  }
  const openReset = async () => {
    const one = await armReset()
    await passTime(app, '31 days')
    const code = await nextCode(one.userId, () => client.askReset(one.keyId, one.userId))
    const complete = (as = client) => as.verify(one.keyId, one.userId, { code, op: 'reset-pin', newPin: '8642' })
    return { ...one, complete }
  }
  /** Done once and whole. */
  const expectDone = async ({ keyId, encryptionKey }: Waiting) => {
    const opened = await client.open(keyId, '8642')
    expect(opened.status).toBe(200)
    expect(keyOf(opened.text)).toBe(encryptionKey)
    expect((await client.open(keyId, '4829')).status).toBe(404)
    const [counted] = await app.sql(`
      select (select pin_epoch from pin_keys.keys where id = '${keyId}') as epoch,
             (select count(*)::int from audit.events where event = 'reset.completed' and subject = '${keyId}') as events,
             (select count(*)::int from pin_keys.completions where key_id = '${keyId}' and state = 'done') as done`)
    expect(counted).toEqual({ epoch: 2, events: 1, done: 1 })
    expect(await findOrphans(app)).toEqual([])
  }
  const isDone = async (keyId: string) =>
    (await app.sql(`select from pin_keys.keys where id = '${keyId}' and pin_epoch = 2`)).length > 0
  /** What a client does who was told to come back, or heard nothing. Each answer must agree with what was done. */
  const completeAgain = async (one: Awaited<ReturnType<typeof openReset>>, first: { status: number }) => {
    expect([200, 503]).toContain(first.status)
    expect(await isDone(one.keyId)).toBe(first.status === 200)
    if (first.status === 503) expect((await one.complete()).status).toBe(200)
    expect((await one.complete()).status).toBe(404)
  }

  it('the worker is killed before it takes the job', async () => {
    const one = await openReset()
    await workers.kill()
    const asked = one.complete()
    await workers.next()
    await completeAgain(one, await asked)
    await expectDone(one)
  }, 180_000)

  it.each([
    {
      point: 'before it opens the copy',
      lock: () => 'lock table pin_keys.recovery_copies in access exclusive mode',
      statement: 'from pin_keys.recovery_copies',
    },
    {
      point: 'in the middle of the transaction',
      lock: ({ keyId }: Waiting) => `select from pin_keys.keys where id = '${keyId}' for no key update`,
      statement: 'update pin_keys.keys',
    },
  ])(
    'the worker is killed $point',
    async ({ lock, statement }) => {
      const one = await openReset()
      await using held = await hold(app, lock(one))
      const asked = one.complete()
      await held.caught(statement)
      await workers.kill()
      await held.release()
      await workers.next()
      await completeAgain(one, await asked)
      await expectDone(one)
    },
    180_000,
  )

  it('the worker is killed between opening the copy and the transaction', async () => {
    const one = await openReset()
    await using copies = await hold(app, 'lock table pin_keys.recovery_copies in access exclusive mode')
    const asked = one.complete()
    await copies.caught('from pin_keys.recovery_copies')
    await using completion = await hold(
      app,
      `select from pin_keys.completions where key_id = '${one.keyId}' for update`,
    )
    await copies.release()
    await completion.caught('update pin_keys.completions')
    await workers.kill()
    await completion.release()
    await workers.next()
    await completeAgain(one, await asked)
    await expectDone(one)
  }, 180_000)

  it('the app is killed after the commit and before its answer', async () => {
    const victim = await spawnApi(app)
    const one = await openReset()
    await using held = await hold(app, `select from pin_keys.keys where id = '${one.keyId}' for no key update`)
    const answer = outcomeOf(one.complete(clientOf(victim.baseUrl)))
    await held.caught('update pin_keys.keys')
    await kill(victim)
    expect(await answer).toBe('lost')
    await held.release()
    await expect.poll(() => isDone(one.keyId)).toBe(true)
    expect((await one.complete()).status).toBe(404)
    await expectDone(one)
  }, 180_000)
})
