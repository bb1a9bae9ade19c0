import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { inspect } from 'node:util'
import { Secret } from '@strongroom/crypto'
import { isOutage } from '@strongroom/http'
import { type RedisServer, startRedis } from '@strongroom/redis'
import { expect, onTestFinished, test } from 'vitest'
import { redisStore } from '../src/index.ts'
import { operatorOf } from './fixtures.ts'

const payload = 'the-payload-of-somebody'
const session = () => ({ id: randomUUID(), shortCode: '12345678', publicKey: 'key' })
const room = { most: 10, lifetime: 120 }
/** Milliseconds that the store gives a command. */
const DEADLINE = 2000

function open(url: string) {
  const lost: string[] = []
  const store = redisStore({ url: new Secret(url), onConnectionLost: (reason) => lost.push(reason) })
  onTestFinished(() => store.close())
  return { store, lost }
}
const begin = async (wish: Parameters<typeof startRedis>[0] = {}) => {
  const server = await startRedis(wish)
  onTestFinished(() => server.close())
  return server
}
const outcome = (asked: Promise<unknown>) =>
  asked.then(
    () => 'answered',
    (error: unknown) => (isOutage(error) ? 'outage' : inspect(error)),
  )
/** Without a wait for anybody: neither Redis nor a clock is heard in between. */
async function atOnce(asked: Promise<string>): Promise<string> {
  let told = 'waits'
  void asked.then((one) => (told = one))
  for (let turns = 0; turns < 50; turns++) await Promise.resolve()
  return told
}
async function pidOf({ url }: RedisServer) {
  const client = await operatorOf(url)
  const [, pid] = /process_id:(\d+)/.exec(await client.info('server')) ?? []
  client.destroy()
  return Number(pid)
}

test('a server that dies is an outage at once, and the store goes on when it is back', async () => {
  const server = await begin({ password: 'the-same' })
  const { store, lost } = open(server.url)
  expect(await outcome(store.create(session(), room))).toBe('answered')
  await server.close()
  await expect.poll(() => outcome(store.check())).toBe('outage')
  expect(await atOnce(outcome(store.create(session(), room)))).toBe('outage')
  expect(lost.length).toBeGreaterThan(0)
  expect(lost.join()).not.toContain('the-same')
  await begin({ password: 'the-same', port: server.port })
  await expect.poll(() => outcome(store.check())).toBe('answered')
  expect(await store.create(session(), room)).toBe('created')
})

test('a server that freezes is an outage after a deadline, then at once; what was refused at once is not done later', async () => {
  const server = await begin()
  const { store } = open(server.url)
  await store.check()
  const pid = await pidOf(server)
  process.kill(pid, 'SIGSTOP')
  const [late, asked] = [session(), Date.now()]
  expect(await Promise.all([store.check(), store.find(late.id)].map(outcome))).toEqual(['outage', 'outage'])
  expect(Date.now() - asked).toBeLessThan(60_000)
  expect(await atOnce(outcome(store.create(late, room)))).toBe('outage')
  process.kill(pid, 'SIGCONT')
  await expect.poll(() => outcome(store.check())).toBe('answered')
  expect(await store.find(late.id)).toBeUndefined()
})

test('an answer that came while this process stood still is an answer', async () => {
  const { store } = open((await begin()).url)
  await store.check()
  const asked = outcome(store.check())
  // Until the command is on its way, and nothing was read since.
  for (let turns = 0; turns < 50; turns++) await Promise.resolve()
  await new Promise((sent) => setImmediate(sent))
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, DEADLINE + 500)
  expect(await asked).toBe('answered')
})

test('a server that is not there yet is waited for, and one that never comes is an outage', async () => {
  const reserved = createServer().listen(0, '127.0.0.1')
  await once(reserved, 'listening')
  const { port } = reserved.address() as AddressInfo
  reserved.close()
  await once(reserved, 'close')
  const { store } = open(`redis://127.0.0.1:${String(port)}`)
  expect(await outcome(store.check())).toBe('outage')
})

test('a wrong password is an outage, which tells the operator why and nobody the password', async () => {
  const { url } = await begin({ password: 'right' })
  const { store, lost } = open(Object.assign(new URL(url), { password: 'wrong-one' }).href)
  expect(await outcome(store.check())).toBe('outage')
  expect(lost).toContain('WRONGPASS')
  expect(lost.join()).not.toContain('wrong-one')
})

test('a server that takes no more is an outage, and nobody’s session is lost for it', async () => {
  const { url } = await begin()
  const { store } = open(url)
  const kept = session()
  await store.create(kept, room)
  const operator = await operatorOf(url)
  onTestFinished(() => operator.destroy())
  await operator.configSet('maxmemory', '1')
  expect(await outcome(store.approve(kept.id, { encryptedPayload: payload, approverDid: 'did' }, 60))).toBe('outage')
  await operator.configSet('maxmemory', '0')
  expect(await store.find(kept.id)).toMatchObject({ status: 'pending' })
})

test('what Redis says of a command it does not take never holds what the command carried', async () => {
  const { url } = await begin()
  const operator = await operatorOf(url)
  onTestFinished(() => operator.destroy())
  const kept = session()
  // A key of that name that is no session: somebody else's data.
  await operator.set(`strongroom:{qr-login}:session:${kept.id}`, payload)
  const refused = await outcome(open(url).store.approve(kept.id, { encryptedPayload: payload, approverDid: 'did' }, 60))
  expect(refused).toContain('Redis refused a command')
  expect(refused).not.toContain(payload)
})

test.each(['not a url with hunter2', 'https://:hunter2@example.com'])('a URL such as %s is refused unquoted', (url) => {
  const refused = (() => {
    try {
      open(url)
      return 'taken'
    } catch (error) {
      return inspect(error)
    }
  })()
  expect(refused).toContain('the Redis URL cannot be read')
  expect(refused).not.toContain('hunter2')
})
