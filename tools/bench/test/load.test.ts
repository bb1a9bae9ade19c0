import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { drive } from '../src/load/drive.ts'
import { driveCycles } from '../src/load/qr-cycle.ts'
import { get } from '../src/load/requests.ts'
import { peakGrowth } from '../src/world/peak-memory.ts'

async function serve(listener: RequestListener): Promise<number> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

const planFor = (port: number) => ({
  port,
  connections: 2,
  requests: [get('/a'), get('/b')],
  expect: 200,
  until: { requests: 5 },
})

test('requests are taken in turn, and each answer is counted', async () => {
  const paths: string[] = []
  const port = await serve((request, response) => {
    paths.push(request.url ?? '')
    response.end('"ok"')
  })
  expect((await drive({ ...planFor(port), begins: '"ok"' })).requests).toBe(5)
  expect(paths.toSorted()).toEqual(['/a', '/a', '/a', '/b', '/b'])
})

test('a long answer is read to its end, in chunks too', async () => {
  const long = `${'x'.repeat(3_000_000)}y`
  const port = await serve((request, response) => {
    if (request.url === '/a') return response.writeHead(200, { 'content-length': long.length }).end(long)
    response.write(long.slice(0, 1))
    return response.end(long.slice(1))
  })
  expect((await drive({ ...planFor(port), begins: long })).requests).toBe(5)
  await expect(drive({ ...planFor(port), begins: `${long}y` })).rejects.toThrow('answered 200 instead of')
})

test.each([
  ['another status', 500, '"ok"'],
  ['the right status and another answer', 200, '"reject"'],
])('%s fails the run', async (_, status, body) => {
  const port = await serve((_request, response) =>
    response.writeHead(status, { 'content-length': body.length }).end(body),
  )
  await expect(drive({ ...planFor(port), begins: '"ok"' })).rejects.toThrow(
    `answered ${String(status)} instead of 200 "ok"`,
  )
})

test('a QR login that does not bring the payload is no figure', async () => {
  const session = { sessionId: 'one', shortCode: '12345678', status: 'pending', encryptedPayload: 'of another' }
  const port = await serve((_, response) => response.end(JSON.stringify(session)))
  const cycles = driveCycles({ port, connections: 1, approvers: ['token'], until: { requests: 1 } })
  await expect(cycles).rejects.toThrow('the payload did not arrive')
})

test('a peak of memory is seen after it is over', async () => {
  const bytes = 64 * 1024 * 1024
  const grown = await peakGrowth(process.pid, () => Promise.resolve(void Buffer.alloc(bytes, 1)))
  expect(grown).toBeGreaterThan(bytes / 2)
})
