import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { Secret } from '@strongroom/crypto'
import { sql } from '@strongroom/storage'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  type Head,
  headToJson,
  severalSinks,
  sinkFrom,
  SinkUnavailable,
  syslogSink,
  webhookSink,
} from '../src/index.ts'
import { type AuditToken, auditToken, auditWorld, memorySink } from './world.ts'

let token: AuditToken
beforeAll(async () => {
  token = await auditToken()
})
afterAll(() => token[Symbol.asyncDispose]())

const head: Head = {
  deployment: 'test',
  app: 'key-server',
  position: 7,
  hash: 'ab'.repeat(32),
  at: '2001-02-03T04:05:06.789Z',
  key: 'cd'.repeat(32),
  signature: 'ef'.repeat(64),
}
const send = (sink: { targets: readonly { send(one: Head): Promise<void> }[] }) => sink.targets[0]?.send(head)

async function httpServer(answer: (...asked: Parameters<RequestListener>) => unknown) {
  const server = createServer((...asked) => void answer(...asked)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
  return {
    url,
    [Symbol.asyncDispose]: async () => void (server.closeAllConnections(), await once(server.close(), 'close')),
  }
}

const bodyOf = async (request: IncomingMessage) => Buffer.concat(await request.toArray()).toString('utf8')

test('a sink that is down loses nothing, keeps the order, and holds up no other', async () => {
  await using world = await auditWorld(token)
  const [up, down] = [memorySink('up'), memorySink('down')]
  const both = severalSinks(up, down)
  down.state.fail = true
  for (const subject of ['a', 'b', 'c']) {
    await world.record(subject)
    await expect(world.sweep(both)).rejects.toThrow('down is down')
  }
  expect(up.heads.map(({ position }) => position)).toEqual([1, 2, 3])
  down.state.fail = false
  await world.sweep(both)
  expect(down.heads).toEqual(up.heads)
  await world.sweep(both)
  expect(up.heads).toHaveLength(3)
  expect(down.heads).toHaveLength(3)
})

test('when several sinks fail, all are told of', async () => {
  await using world = await auditWorld(token)
  const sinks = [memorySink('one'), memorySink('two')]
  for (const { state } of sinks) state.fail = true
  await world.record('a')
  const failure = await world.sweep(severalSinks(...sinks)).catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(AggregateError)
  expect((failure as AggregateError).errors.map(String)).toEqual(['Error: one is down', 'Error: two is down'])
})

test('a head that was altered in the database is not sent', async () => {
  await using world = await auditWorld(token)
  world.memory.state.fail = true
  await world.record('a')
  await world.sweep().catch(() => undefined)
  await world.schemaOwner.run(sql`update audit.heads set hash = sha256('')`)
  world.memory.state.fail = false
  await expect(world.sweep()).rejects.toMatchObject({ name: 'SinkRefused' })
  expect(world.memory.heads).toEqual([])
})

test('a webhook is posted each head with the token, and any 2xx is an acceptance', async () => {
  const seen: unknown[] = []
  await using server = await httpServer(async (request, response) => {
    const { authorization, 'content-type': type } = request.headers
    seen.push([request.method, authorization, type, JSON.parse(await bodyOf(request))])
    response.writeHead(202).end()
  })
  await send(webhookSink({ url: `${server.url}/heads`, bearer: new Secret('tok') }))
  expect(seen).toEqual([['POST', 'Bearer tok', 'application/json', head]])
})

test.each([500, 404, 401])('a webhook that answers %d has not accepted; the error names no path', async (status) => {
  await using server = await httpServer((_, response) => response.writeHead(status).end('no'))
  const failure = await send(webhookSink({ url: `${server.url}/secret-path` }))?.catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(SinkUnavailable)
  expect(String(failure)).toContain(String(status))
  expect(String(failure)).not.toContain('secret-path')
})

test('a webhook’s redirect is not followed: the token would go with it', async () => {
  const asked: unknown[] = []
  await using server = await httpServer((request, response) => {
    asked.push(request.url)
    response.writeHead(307, { location: '/elsewhere' }).end()
  })
  await expect(send(webhookSink({ url: `${server.url}/heads` }))).rejects.toBeInstanceOf(SinkUnavailable)
  expect(asked).toEqual(['/heads'])
})

test('syslog over TCP is RFC 5424 in counted octets', async () => {
  const received = Promise.withResolvers<string>()
  const server = createTcpServer((socket) => {
    void socket.toArray().then((chunks) => received.resolve(Buffer.concat(chunks as Buffer[]).toString('utf8')))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  await send(syslogSink(`syslog://127.0.0.1:${String((server.address() as AddressInfo).port)}`))
  const message = `<109>1 2001-02-03T04:05:06.789Z - key-server - audit-head - ${headToJson(head)}`
  expect(await received.promise).toBe(`${String(message.length)} ${message}`)
  server.close()
})

test('syslog over UDP is a datagram each', async () => {
  const server = createSocket('udp4')
  server.bind(0, '127.0.0.1')
  await once(server, 'listening')
  const received = once(server, 'message') as Promise<[Buffer]>
  await send(syslogSink(`syslog+udp://127.0.0.1:${String(server.address().port)}`))
  const [message] = await received
  expect(message.toString('utf8')).toMatch(/^<109>1 .* audit-head - \{.*\}$/)
  server.close()
})

test('a syslog receiver that is not there has not accepted', async () => {
  await expect(send(syslogSink('syslog://127.0.0.1:1'))).rejects.toBeInstanceOf(SinkUnavailable)
})

test('a setting names one sink or several', () => {
  const { targets } = sinkFrom('file:/var/heads syslog://log.example:601  https://hooks.example/secret')
  expect(targets.map(({ name }) => name.replace(/[0-9a-f]{16}$/, '#'))).toEqual([
    'file:/var/heads',
    'syslog://log.example:601',
    'webhook:hooks.example/#',
  ])
})

test.each(['', 'heads.log', 'ftp://host/x', 'http://example.com/x', 'https://user:pw@example.com/', 'syslog://host'])(
  'the setting "%s" is refused',
  (text) => {
    expect(() => sinkFrom(text)).toThrow(TypeError)
  },
)
