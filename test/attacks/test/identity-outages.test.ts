import { setTimeout as pass } from 'node:timers/promises'
import type { AppProcess } from '@strongroom/test-world'
import { expect, it } from 'vitest'
import {
  ask,
  call,
  drawFrom,
  drawSeed,
  followLink,
  type IdentityOwner,
  type IdentityPlace,
  linkTo,
  mustAnswer,
  newIdentityKey,
  newIdentityOwner,
  openWallet,
  signUp,
  startMailTrap,
  waitUntil,
} from '../src/index.ts'
import { startOnCluster } from './app-on-cluster.ts'
import { findIdentityOrphans } from './identity-orphans.ts'
import { identityPlaceOf, identitySettings, startIdentity } from './identity-storage.ts'
import { areJobsQuiet, skipToNextAttempt } from './job-time.ts'
import { startOwnCluster } from './own-cluster.ts'

const randomness = drawFrom(drawSeed())
const patient = { timeout: 60_000 }

/** Makes wallets as fast as it can, whatever comes, until told to stop. */
async function keepSigningUp(place: IdentityPlace, made: IdentityOwner[], stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    const owner = newIdentityOwner(randomness)
    const status = await signUp(place, owner).then(
      (answer) => answer.status,
      () => 0,
    )
    if (status === 201) made.push(owner)
    else await pass(50)
  }
}

const isRunning = ({ child }: AppProcess) => child.exitCode === null && child.signalCode === null

it.each(['stop', 'crash'] as const)(
  `case 9, PostgreSQL, %s: wallets that were answered are there, halves are finished, nobody exits, ATTACK_SEED=${randomness.seed}`,
  async (how) => {
    await using trap = await startMailTrap()
    await using cluster = await startOwnCluster()
    const settings = { ...identitySettings(newIdentityKey()), SMTP_URL: trap.url }
    await using app = await startOnCluster(cluster.url, settings, 'identity-storage')
    const api = await app.spawn({}, '--role=api')
    const worker = await app.spawn({}, '--role=worker')
    const place = { baseUrl: api.baseUrl, textsTo: (address: string) => trap.mailsTo(address).map(({ text }) => text) }

    const made: IdentityOwner[] = []
    const stop = new AbortController()
    const making = Promise.all([0, 1, 2].map(() => keepSigningUp(place, made, stop.signal)))
    await expect.poll(() => made.length).toBeGreaterThan(10)
    await cluster[how]()
    const acknowledged = made.length
    const away = await ask(openWallet(place, made[0]?.walletId ?? ''))
    expect([away.status, Number(away.headers['retry-after']) > 0]).toEqual([503, true])
    await cluster.restart()
    await expect.poll(() => made.length, patient).toBeGreaterThan(acknowledged + 10)
    stop.abort()
    await making

    expect([api, worker].every(isRunning)).toBe(true)
    for (const { walletId } of made) expect((await ask(openWallet(place, walletId))).status).toBe(403)
    await expect.poll(() => made.filter(({ email }) => trap.mailsTo(email).length === 0), patient).toEqual([])
    await app.sql(
      `update identity.wallets set created_at = created_at - interval '2 minutes' where signers is not null`,
    )
    await expect.poll(() => findIdentityOrphans(app), patient).toEqual([])
  },
  240_000,
)

it(`case 22, provider away: everybody who was answered is asked to verify once it is back, once, ATTACK_SEED=${randomness.seed}`, async () => {
  await using trap = await startMailTrap()
  await using world = await startIdentity({ settings: { SMTP_URL: trap.url } })
  const { app } = world
  const textsTo = (address: string) => trap.mailsTo(address).map(({ text }) => text)
  const place = { ...identityPlaceOf(world), textsTo }
  const quiet = () => waitUntil('quiet jobs', () => areJobsQuiet(app))
  trap.behave('away')
  const owners = Array.from({ length: 8 }, () => newIdentityOwner(randomness))
  for (const owner of owners) await mustAnswer(signUp(place, owner), 201)
  for (let attempts = 0; attempts < 4; attempts++) {
    await quiet()
    await skipToNextAttempt(app)
  }
  expect(trap.mails).toEqual([])
  trap.behave('take')
  await quiet()
  while ((await skipToNextAttempt(app)) !== undefined) await quiet()
  expect(owners.map(({ email }) => trap.mailsTo(email).length)).toEqual(owners.map(() => 1))
  for (const owner of owners) await mustAnswer(followLink(place, await linkTo(place, owner.email)), 204)

  // Who never gets a mail keeps nobody waiting.
  const [poisoned, other] = [newIdentityOwner(randomness), newIdentityOwner(randomness)]
  trap.refuse(poisoned.email)
  for (const owner of [poisoned, other]) await mustAnswer(signUp(place, owner), 201)
  await waitUntil('the other’s mail', () => trap.mailsTo(other.email).length === 1)
  while ((await skipToNextAttempt(app)) !== undefined) await quiet()
  const metrics = await call(place, 'GET /metrics')
  expect(metrics.body).toContain('strongroom_jobs{kind="identity.deliver-message",state="parked"} 1')
  expect(trap.mailsTo(poisoned.email)).toEqual([])
}, 240_000)
