import { systemRandom } from '@strongroom/crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import * as apps from '../src/apps/operate.ts'
import { bodyOf, newDevice, newSubject, personOf, refused } from './client.ts'
import { startWorld, type World } from './world.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.stop())

const refusal = [401, 'InvalidAppSecret']
const signUp = async (headers: Readonly<Record<string, string>>, subject = newSubject()) =>
  personOf(world.baseUrl, subject, headers).signUp(newDevice())
const add = async (name: string) => {
  const added = await apps.addApp(world.database, name)
  if (!added) throw new Error('not added')
  return added
}

test('one app alone needs no secret; a second one ends that, and both names of the header serve', async () => {
  expect((await signUp({})).status).toBe(201)
  const { secret } = await add('wallet')
  expect(refused(await signUp({}))).toEqual(refusal)
  expect((await signUp({ 'X-App-Secret': secret })).status).toBe(201)
  expect((await signUp({ 'X-Hyphen-App-Secret': secret })).status).toBe(201)
  expect(await apps.addApp(world.database, 'wallet')).toBeUndefined()
})

test('a secret is that of one app, whole', async () => {
  const [one, two] = [await add('one'), await add('two')]
  const mixed = one.secret.slice(0, 22) + two.secret.slice(22)
  const flipped = one.secret.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'))
  const bad = [mixed, flipped, one.secret.slice(1), `${one.secret}A`, 'x', systemRandom(48).join('')]
  for (const secret of bad) expect(refused(await signUp({ 'X-App-Secret': secret }))).toEqual(refusal)
  const both = { 'X-App-Secret': one.secret, 'X-Hyphen-App-Secret': two.secret }
  expect(refused(await signUp(both))).toEqual(refusal)
})

test('people of one app are none of another, with the same login and key', async () => {
  const [one, two] = [await add('three'), await add('four')]
  const [subject, phone] = [newSubject(), newDevice()]
  const [ann, other] = [one, two].map(({ secret }) => personOf(world.baseUrl, subject, { 'X-App-Secret': secret }))
  if (!ann || !other) throw new Error('nobody')
  const first = bodyOf(await ann.signUp(phone))
  expect(refused(await other.begin(phone))).toEqual([400, 'PleaseSignUp'])
  const second = bodyOf(await other.signUp(phone))
  expect(second.account.id).not.toBe(first.account.id)
  expect(refused(await other.get('/account/v1/me', first.credentials.accessToken))).toEqual([401, 'InvalidToken'])
  world.chain.mine()
  await world.activate()
  const data = await ann.challenge(phone)
  expect(refused(await other.respond(data, phone.sign(data)))).toEqual([400, 'ChallengeNotFound'])
})

test('a rotated secret serves for its grace, and not a moment longer', async () => {
  const { appId, secret } = await add('rotating')
  const second = await apps.rotateAppSecret(world.database, { appId, graceHours: 2 })
  await world.pass('119 minutes')
  for (const one of [secret, second?.secret ?? '']) expect((await signUp({ 'X-App-Secret': one })).status).toBe(201)
  await world.pass('2 minutes')
  expect(refused(await signUp({ 'X-App-Secret': secret }))).toEqual(refusal)
  const third = await apps.rotateAppSecret(world.database, { appId, graceHours: 0 })
  expect(refused(await signUp({ 'X-App-Secret': second?.secret ?? '' }))).toEqual(refusal)
  expect((await signUp({ 'X-App-Secret': third?.secret ?? '' })).status).toBe(201)
  const unknown = '6f0c1f7e-3d1c-4a53-9f3c-1c8d6a3b2e10'
  expect(await apps.rotateAppSecret(world.database, { appId: unknown, graceHours: 0 })).toBeUndefined()
})

test('apps are listed with how many secrets serve, and no row holds a secret', async () => {
  const { appId, secret } = await add('listed')
  const listed = await apps.listApps(world.database)
  expect(listed.find(({ id }) => id === appId)).toMatchObject({ name: 'listed', secrets: 1 })
  const drawn = Buffer.from(secret, 'base64url').subarray(16).toString('hex')
  const rows = await world.owner.many(z.object({ row: z.string() }), {
    text: 'select row_to_json(s)::text as row from chain_accounts.app_secrets as s',
    values: [],
  })
  expect(JSON.stringify(rows)).not.toContain(drawn)
})
