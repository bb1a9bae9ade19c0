import { fromBase64url, fromUtf8 } from '@strongroom/crypto'
import { type KeyRefused, openLog, openSigningDesk, type UseDesk } from '@strongroom/service'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { mpcAuthWith } from '../src/service.ts'
import { type AccountsWorld, newKey, personOf, refused, signedIn, startAccounts } from './accounts-world.ts'

const USE = 'account-token'

let world: AccountsWorld
let desk: UseDesk
beforeAll(async () => {
  world = await startAccounts({ processes: 2 })
  desk = await openSigningDesk(mpcAuthWith(['accounts']), world.app.operator, openLog('desk', 'silent'))
})
afterAll(async () => {
  await desk.close()
  await world[Symbol.asyncDispose]()
})

const refusalOf = (asked: Promise<unknown>): Promise<KeyRefused> =>
  asked.then(
    () => Promise.reject(new Error('it was not refused')),
    (error: unknown) => error as KeyRefused,
  )
const replicasFollow = () =>
  expect
    .poll(() =>
      world.app.sql(`select from keystore.replicas where generation < (select number from keystore.generation)
                      and seen_at > now() - interval '60 seconds'`),
    )
    .toEqual([])
/** As if it had been retired so long ago. */
async function letRest(interval: string) {
  await world.app.sql('alter table keystore.keys disable trigger raise_generation')
  await world.app.sql(`update keystore.keys set retired_at = retired_at - interval '${interval}' where use = '${USE}'`)
  await world.app.sql('alter table keystore.keys enable trigger raise_generation')
}
const kidOf = (token: string) => (JSON.parse(fromUtf8(fromBase64url(token.split('.')[0] ?? ''))) as { kid: string }).kid
/** The keys that each process publishes, the one that signs first. */
const published = () =>
  Promise.all(
    world.app.baseUrls.map(async (url) => {
      const { keys } = (await (await fetch(`${url}/.well-known/jwks.json`)).json()) as { keys: { kid: string }[] }
      return keys.map(({ kid }) => kid)
    }),
  )
const signUpAt = async (process: number) => signedIn(await personOf(world, { process }).signUp(newKey())).credentials

test('tokens of before are good at every process until the last has passed; new ones are by the new key; then the old one goes', async () => {
  const before = await signUpAt(0)
  const old = kidOf(before.accessToken)
  expect(await published()).toEqual([[old], [old]])

  await desk.publish(USE)
  expect(await desk.publish(USE)).toEqual({ version: 2 })
  expect(await refusalOf(desk.activate('audit'))).toMatchObject({ reason: 'fixed-use' })
  await replicasFollow()
  const [[first, next] = []] = await published()
  expect([first, await published()]).toEqual([
    old,
    [
      [old, next],
      [old, next],
    ],
  ])
  expect(kidOf((await signUpAt(1)).accessToken)).toBe(old)

  await desk.activate(USE)
  await replicasFollow()
  expect(await published()).toEqual([
    [next, old],
    [next, old],
  ])
  const after = await signUpAt(0)
  expect([after.accessToken, after.refreshToken].map((token) => kidOf(token))).toEqual([next, next])
  for (const process of [0, 1]) {
    const at = personOf(world, { process })
    for (const { accessToken } of [before, after])
      expect((await at.get('/account/v1/me', accessToken)).status).toBe(200)
  }

  expect(await refusalOf(desk.destroy(USE, 1))).toMatchObject({ reason: 'too-soon' })
  await letRest('30 days')
  expect(await refusalOf(desk.destroy(USE, 1))).toMatchObject({ reason: 'too-soon' })
  await letRest('1 day')
  await desk.destroy(USE, 1)
  await replicasFollow()
  expect(await published()).toEqual([[next], [next]])
  for (const process of [0, 1]) {
    const at = personOf(world, { process })
    expect(refused(await at.get('/account/v1/me', before.accessToken))).toEqual([401, 'InvalidToken'])
    const renewed = await at.post('/auth/v1/refresh', { refreshToken: before.refreshToken })
    expect(refused(renewed)).toEqual([401, 'InvalidToken'])
    expect((await at.get('/account/v1/me', after.accessToken)).status).toBe(200)
  }
  const events = await world.app.sql(
    `select event, detail from audit.events where event like 'keystore.signing%' order by id`,
  )
  expect(events).toEqual([
    { event: 'keystore.signing-published', detail: { use: USE, version: 2 } },
    { event: 'keystore.signing-activated', detail: { use: USE, version: 2 } },
    { event: 'keystore.signing-destroyed', detail: { use: USE, version: 1 } },
  ])
})

test('a process that starts after the rotation believes what the others issued', async () => {
  const { accessToken } = await signUpAt(0)
  const { baseUrl } = await world.app.spawn()
  const answer = await fetch(`${baseUrl}/account/v1/me`, { headers: { authorization: `Bearer ${accessToken}` } })
  expect(answer.status).toBe(200)
})
