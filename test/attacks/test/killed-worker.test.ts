import { clientOf, type KeyServerClient } from '@strongroom/key-server/testing'
import type { TestApp } from '@strongroom/test-world'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { drawFrom, drawSeed, newAddress, startMailTrap, type Behaviour, type MailTrap } from '../src/index.ts'
import { hold } from './hold.ts'
import { baseUrlOf, spawnApi, startKeyServer } from './key-server.ts'
import { findOrphans } from './orphans.ts'
import { WorkerRelay } from './worker-relay.ts'

const randomness = drawFrom(drawSeed())
/** A job of a dead worker is looked for twice a minute, and at every start of a worker. */
const patient = { timeout: 60_000 }

describe(`case 8, kill -9 of a worker that sends, ATTACK_SEED=${randomness.seed}`, () => {
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
  const verify = (keyId: string, userId: string, code: string | undefined) =>
    client.verify(keyId, userId, { code, op: 'verify' })
  /** Kills the worker while somebody outside holds it. */
  const killHeld = async (behaviour: Behaviour, act: () => Promise<unknown>) => {
    trap.behave(behaviour)
    await act()
    await expect.poll(() => trap.held).toBe(1)
    await workers.kill()
    trap.behave('take')
  }
  const settled = () =>
    expect.poll(() => app.sql('select from graphile_worker.jobs where attempts < max_attempts'), patient).toEqual([])

  it.each([
    { point: 'before the draw', lock: 'access exclusive', statement: 'select subject, purpose from codes.codes' },
    { point: 'after the draw', lock: 'share', statement: 'update codes.codes' },
  ])(
    'a code, killed $point: another worker draws and sends one, which serves',
    async ({ lock, statement }) => {
      const [keyId, userId] = [await client.create('4829'), newAddress(randomness)]
      const held = await workers.standStill(async () => {
        expect((await client.addUser(keyId, '4829', userId)).status).toBe(201)
        return hold(app, `lock table codes.codes in ${lock} mode`)
      })
      await using _ = held
      await held.caught(statement)
      await workers.kill()
      await held.release()
      await workers.next()
      await expect.poll(() => trap.codesTo(userId).length, patient).toBe(1)
      await settled()
      expect(trap.codesTo(userId)).toHaveLength(1)
      expect((await verify(keyId, userId, trap.codesTo(userId)[0])).status).toBe(200)
      expect(await findOrphans(app)).toEqual([])
    },
    180_000,
  )

  it('a code, killed when the provider had taken it and before we knew: another is sent under another id, and it is the one that serves', async () => {
    const [keyId, userId] = [await client.create('4829'), newAddress(randomness)]
    await killHeld('hold after', () => client.addUser(keyId, '4829', userId))
    await workers.next()
    await expect.poll(() => trap.codesTo(userId).length, patient).toBe(2)
    await settled()
    const [first, last] = trap.codesTo(userId)
    expect(new Set(trap.mailsTo(userId).map(({ messageId }) => messageId)).size).toBe(2)
    expect(trap.codesTo(userId)).toHaveLength(2)
    // One in a million is drawn twice.
    expect((await verify(keyId, userId, first)).status).toBe(first === last ? 200 : 404)
    expect((await verify(keyId, userId, last)).status).toBe(first === last ? 404 : 200)
  }, 180_000)

  it.each([
    { point: 'before the provider took it', behaviour: 'hold before', mails: 1 },
    { point: 'when the provider had taken it and before sent_at', behaviour: 'hold after', mails: 2 },
  ] as const)(
    'a notice, killed $point: told $mails times, under one id',
    async ({ behaviour, mails }) => {
      const [keyId, userId] = [await client.create('4829'), newAddress(randomness)]
      await client.addUser(keyId, '4829', userId)
      await expect.poll(() => trap.codesTo(userId).length, patient).toBe(1)
      expect((await verify(keyId, userId, trap.codesTo(userId)[0])).status).toBe(200)
      await settled()
      await killHeld(behaviour, () => client.change(keyId, '4829', '4829'))
      await workers.next()
      const notices = () => trap.mailsTo(userId).filter(({ text }) => text.includes('was changed'))
      await expect.poll(() => notices().length, patient).toBe(mails)
      await settled()
      expect(notices()).toHaveLength(mails)
      expect(new Set(notices().map(({ messageId }) => messageId)).size).toBe(1)
      const [told] = await app.sql(
        `select sent_at is not null as sent from pin_keys.deliveries where key_id = '${keyId}'`,
      )
      expect(told).toEqual({ sent: true })
      expect(await findOrphans(app)).toEqual([])
    },
    180_000,
  )
})
