import { once } from 'node:events'
import { Agent, createServer, type IncomingMessage, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { endpoint } from './endpoint.ts'
import { implement, reply } from './handler.ts'
import { listener } from './listener.ts'
import { mount } from './mount.ts'
import { problems } from './problem-dialect.ts'
import { invalidInput } from './refusal.ts'
import { StreamRefused } from './stream.ts'

const MIB = 1_048_576
const upload = endpoint({
  method: 'POST',
  path: '/upload',
  summary: 'Read one piece, and refuse the rest where it begins with x.',
  bodyStream: true,
  bodyLimit: 8 * MIB,
  reply: { 200: z.object({ bytes: z.int() }) },
  refusals: [],
})
const whole = endpoint({
  method: 'POST',
  path: '/whole',
  summary: 'Read it all.',
  body: z.object({}),
  bodyLimit: MIB,
  reply: { 200: z.object({}) },
  refusals: [],
})
const readWhole = implement<object>()(whole, async () => reply(200, {}))
const handler = implement<object>()(upload, async ({ stream }) => {
  let bytes = 0
  for await (const piece of stream) {
    if (piece[0] === 'x'.charCodeAt(0)) throw new StreamRefused(invalidInput({ field: 'body' }))
    bytes += piece.length
  }
  return reply(200, { bytes })
})

async function begin() {
  const app = listener({ mounts: [mount({ dialect: problems, handlers: [handler, readWhole], deps: {} })] })
  const handle = app.callback()
  const server = createServer((asked, answer) => void handle(asked, answer)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  onTestFinished(() => {
    agent.destroy()
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  /** Without a length: nobody knows beforehand how much comes. */
  const send = async (body: string, path = '/upload') => {
    const asked = request({ port, agent, method: 'POST', path, headers: { 'content-type': 'application/json' } })
    asked.flushHeaders()
    asked.end(body)
    const [answer] = (await once(asked, 'response')) as [IncomingMessage]
    await text(answer)
    return answer.statusCode
  }
  return send
}

test('who stops reading in the middle answers, and holds up no later request of the connection', async () => {
  const send = await begin()
  for (let round = 0; round < 3; round++) {
    expect(await send('x'.repeat(4 * MIB))).toBe(400)
    expect(await send('a'.repeat(4 * MIB))).toBe(200)
    expect(await send('a'.repeat(9 * MIB))).toBe(413)
  }
})

test('neither does a body that is larger than its limit', async () => {
  const send = await begin()
  for (let round = 0; round < 3; round++) {
    expect(await send(' '.repeat(8 * MIB), '/whole')).toBe(413)
    expect(await send('{}', '/whole')).toBe(200)
  }
})
