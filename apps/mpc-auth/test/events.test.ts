import { createHash, createPublicKey, verify, type webcrypto } from 'node:crypto'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { clientOf, newDevice, startMpcAuth, userOf, type World } from './client.ts'
import { type Received, type Receiver, startReceiver } from './receiver.ts'

let world: World
let receiver: Receiver
let elsewhere: Receiver
beforeAll(async () => {
  ;[receiver, elsewhere] = await Promise.all([startReceiver(), startReceiver()])
  world = await startMpcAuth({ settings: { EVENTS_WEBHOOK_URL: `${receiver.url}/events?of=mpc-auth` } })
})
afterEach(() => receiver.answer(204))
afterAll(async () => {
  await world[Symbol.asyncDispose]()
  await Promise.all([receiver.close(), elsewhere.close()])
})

interface Event {
  readonly id: string
  readonly type: string
  readonly user_id: string
}
const read = ({ body }: Received) => JSON.parse(body) as Event
const eventsOf = (userId: string) => receiver.received.filter((one) => read(one).user_id === userId)
/** Of each the first time that it was told: whoever does not hear the answer in time tells it again. */
const distinctOf = (userId: string) => [
  ...new Map(
    eventsOf(userId)
      .toReversed()
      .map((one) => [read(one).id, one]),
  ).values(),
]

async function registered() {
  const user = userOf(world)
  const { user_id: userId } = (await user.register()).body as { user_id: string }
  return { user, userId }
}
/** Has every job that waits for another attempt make it now. */
const hurry = () =>
  world.app.sql(`with due as (update graphile_worker._private_jobs set run_at = now() where locked_at is null)
    select pg_notify('jobs:insert', '{"count":100}')::text`)
const stateOf = async (userId: string) => {
  const rows = await world.app.sql(`select sent_at is not null as sent, failed_at is not null as failed
    from key_shares.events where user_id = '${userId}'`)
  return rows[0]
}

/** RFC 9421, as a receiver would that knows nothing but the URL of our keys. */
async function isSigned({ method, headers, body }: Received, target: string): Promise<boolean> {
  const { keys } = (await clientOf(world.app.baseUrls[0] ?? '')({ path: '/auth/events/keys' })).body as {
    keys: (webcrypto.JsonWebKey & { kid: string })[]
  }
  const input = String(headers['signature-input']).replace(/^sig1=/, '')
  const keyId = /;keyid="([^"]+)"/.exec(input)?.[1]
  const created = Number(/;created=(\d+)/.exec(input)?.[1])
  const jwk = keys.find(({ kid }) => kid === keyId)
  const [, covered = ''] = /^\(([^)]*)\)/.exec(input) ?? []
  expect(covered).toBe('"@method" "@target-uri" "content-type" "content-digest"')
  expect(Math.abs(Date.now() / 1000 - created)).toBeLessThan(300)
  const digest = `sha-256=:${createHash('sha256').update(body).digest('base64')}:`
  const base = [
    `"@method": ${method}`,
    `"@target-uri": ${target}`,
    `"content-type": ${headers['content-type'] ?? ''}`,
    `"content-digest": ${digest}`,
    `"@signature-params": ${input}`,
  ].join('\n')
  const signature = Buffer.from(/^sig1=:(.*):$/.exec(String(headers['signature']))?.[1] ?? '', 'base64')
  const key = createPublicKey({ key: jwk ?? {}, format: 'jwk' })
  return (
    headers['content-digest'] === digest &&
    verify('sha256', Buffer.from(base), { key, dsaEncoding: 'ieee-p1363' }, signature)
  )
}

test('everything that happens to a user is told, signed by the token’s key, without a secret', async () => {
  const { user, userId } = await registered()
  const [phone, old] = [newDevice(), newDevice()]
  await user.addDevice(phone, { device_name: 'canary phone' })
  await user.addDevice(old)
  await user.send('DELETE', `/v2/devices/${old.key}`)
  await user.addFace(await user.signed(phone))
  const keyId = await user.addKey(phone)
  const share = Buffer.from('canary share').toString('base64')
  await user.backUp([{ key_id: keyId, encrypted_keyshare: share }])
  await user.recover([keyId])
  await expect.poll(() => distinctOf(userId).length).toBe(8)
  const told = distinctOf(userId)
  const shared = { user_id: userId, id: expect.any(String), created_at: expect.stringMatching(/T\d\d:\d\d:\d\dZ$/) }
  const backup = { key: keyId, version: 1 }
  const all = [
    { type: 'user.registered', ...shared },
    { type: 'device.registered', ...shared, device: phone.key },
    { type: 'device.registered', ...shared, device: old.key },
    { type: 'device.revoked', ...shared, device: old.key },
    { type: 'face.registered', ...shared },
    { type: 'key.created', ...shared, key: keyId },
    { type: 'keyshare.saved', ...shared, ...backup },
    { type: 'keyshare.recovered', ...shared, ...backup },
  ]
  for (const one of all) expect(told.map(read)).toContainEqual(one)
  for (const one of told) {
    expect([one.method, one.path]).toEqual(['POST', '/events?of=mpc-auth'])
    expect(await isSigned(one, `${receiver.url}/events?of=mpc-auth`)).toBe(true)
    expect(await isSigned({ ...one, body: `${one.body} ` }, `${receiver.url}/events?of=mpc-auth`)).toBe(false)
    expect(await isSigned(one, `${receiver.url}/events`)).toBe(false)
    for (const secret of ['canary', share, user.subject]) expect(JSON.stringify(one)).not.toContain(secret)
  }
})

test.each([500, 503, 429, 408])(
  'an event is told again, by the same id, while the receiver answers %i',
  async (status) => {
    receiver.answer(status)
    const { userId } = await registered()
    await expect.poll(() => eventsOf(userId).length).toBeGreaterThan(0)
    await expect.poll(async () => (await world.app.log()).includes('WebhookUnavailable')).toBe(true)
    expect(await stateOf(userId)).toEqual({ sent: false, failed: false })
    receiver.answer(204)
    await expect
      .poll(async () => {
        await hurry()
        return stateOf(userId)
      })
      .toEqual({ sent: true, failed: false })
    const told = eventsOf(userId)
    expect(told.length).toBeGreaterThan(1)
    expect(new Set(told.map((one) => one.body)).size).toBe(1)
  },
)

test.each([400, 401, 404, 410])('an event that the receiver refuses with %i is told once', async (status) => {
  receiver.answer(status)
  const { userId } = await registered()
  await expect.poll(() => stateOf(userId)).toEqual({ sent: false, failed: true })
  await hurry()
  receiver.answer(204)
  const { userId: next } = await registered()
  await expect.poll(() => eventsOf(next).length).toBeGreaterThan(0)
  expect(eventsOf(userId)).toHaveLength(1)
})

test.each([301, 302, 307, 308])('a redirect by %i is followed nowhere, and ends it', async (status) => {
  receiver.answer(status, { location: `${elsewhere.url}/canary` })
  const { userId } = await registered()
  await expect.poll(() => stateOf(userId)).toEqual({ sent: false, failed: true })
  expect([eventsOf(userId).length, elsewhere.received.length]).toEqual([1, 0])
})

test('nobody is told of what did not happen, nor where nobody wants to be told', async () => {
  const { user, userId } = await registered()
  await user.register()
  await user.backUp([{ key_id: 'nobodys', encrypted_keyshare: 'AAAA' }])
  await user.send('DELETE', `/v2/devices/${newDevice().key}`)
  const silent = await world.app.spawn({ EVENTS_WEBHOOK_URL: undefined }, '--role=api')
  const quiet = userOf(world, undefined, silent.baseUrl)
  const { user_id: quietId } = (await quiet.register()).body as { user_id: string }
  const { userId: last } = await registered()
  // Each by a job of its own: none waits for another.
  for (const one of [userId, last]) await expect.poll(() => stateOf(one)).toEqual({ sent: true, failed: false })
  expect([distinctOf(userId).length, eventsOf(quietId).length]).toEqual([1, 0])
  expect(await stateOf(quietId)).toBeUndefined()
  silent.child.kill('SIGTERM')
})
