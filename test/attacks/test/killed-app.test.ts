import { clientOf } from '@strongroom/key-server/testing'
import type { AppProcess, TestApp } from '@strongroom/test-world'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { drawFrom, drawSeed, killWhileCreating, newAddress, startMailTrap, type MailTrap } from '../src/index.ts'
import { hold } from './hold.ts'
import { baseUrlOf, kill, outcomeOf, spawnApi, startKeyServer } from './key-server.ts'
import { findOrphans } from './orphans.ts'

const randomness = drawFrom(drawSeed())
const rounds = Number(process.env['ATTACK_ROUNDS'] ?? 2)

describe(`case 8, kill -9 of the app while it creates, ATTACK_SEED=${randomness.seed}`, () => {
  let app: TestApp
  let trap: MailTrap
  let victim: AppProcess
  beforeAll(async () => {
    trap = await startMailTrap()
    app = await startKeyServer({ settings: { SMTP_URL: trap.url } })
    victim = await app.spawn()
  })
  afterAll(async () => {
    await app.stop()
    await trap[Symbol.asyncDispose]()
  })
  const survivor = () => clientOf(baseUrlOf(app))
  const takeNext = async () => {
    victim = await spawnApi(app)
  }

  it.each([
    { point: 'before the row', lock: 'pin_keys.keys' },
    { point: 'between the row and its budget', lock: 'guesses.budgets' },
    { point: 'before the audit event', lock: 'audit.events' },
  ])('creating a key, killed $point: all of it is there, or nothing', async ({ lock }) => {
    await using held = await hold(app, `lock table ${lock} in share mode`)
    const answer = outcomeOf(clientOf(victim.baseUrl).create('4829'))
    await held.caught('insert into pin_keys.keys')
    await kill(victim)
    expect(await answer).toBe('lost')
    await held.release()
    await expect.poll(() => findOrphans(app)).toEqual([])
    await takeNext()
  })

  it.each([
    { point: 'after the guess, before the user', lock: 'pin_keys.users', statement: 'insert into pin_keys.users' },
    { point: 'before the code', lock: 'codes.codes', statement: 'insert into codes.codes' },
    { point: 'before any job', lock: 'graphile_worker._private_jobs', statement: 'graphile_worker.add_jobs(' },
    { point: 'before the commit', lock: 'notify.tallies', statement: 'notify.take_send' },
  ])('adding a user, killed $point: nobody is added, and the next try adds', async ({ lock, statement }) => {
    const [keyId, userId] = [await survivor().create('4829'), newAddress(randomness)]
    await using held = await hold(app, `lock table ${lock} in share mode`)
    const answer = outcomeOf(clientOf(victim.baseUrl).addUser(keyId, '4829', userId))
    await held.caught(statement)
    await kill(victim)
    expect(await answer).toBe('lost')
    await held.release()
    await expect.poll(() => findOrphans(app)).toEqual([])
    expect(await app.sql(`select from pin_keys.users where key_id = '${keyId}'`)).toEqual([])
    expect((await survivor().addUser(keyId, '4829', userId)).status).toBe(201)
    await expect.poll(() => trap.codesTo(userId).length).toBe(1)
    const [code] = trap.codesTo(userId)
    expect((await survivor().verify(keyId, userId, { code, op: 'verify' })).status).toBe(200)
    await takeNext()
  })

  it.each(Array.from({ length: rounds }, (_, round) => ({ round })))(
    'killed at a random time, round $round: what it had answered is there, and nothing by halves',
    async () => {
      const { baseUrl } = victim
      const verdict = await killWhileCreating({
        victim: { baseUrl, kill: () => kill(victim) },
        survivor: baseUrlOf(app),
        connections: 4,
        patience: 1_000,
        randomness,
      })
      const { keys, users } = verdict
      expect(verdict).toEqual({ keys, users, open: keys, known: users, strange: 0 })
      await expect.poll(() => findOrphans(app)).toEqual([])
      await takeNext()
    },
  )
})
