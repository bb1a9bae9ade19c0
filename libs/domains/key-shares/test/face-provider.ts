import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'

export interface Asked {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

export interface FaceProvider {
  readonly url: string
  readonly asked: readonly Asked[]
}

type Answer = (asked: Asked, response: ServerResponse) => void

/** Stands where a FaceTec server would, on a free port of this machine, until the test ends; an answer that does nothing hangs. */
export async function startFaceProvider(answer: Answer): Promise<FaceProvider> {
  const asked: Asked[] = []
  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const { method = '', url = '', headers } = request
    const one = { method, path: url, headers, body: (await buffer(request)).toString() }
    asked.push(one)
    answer(one, response)
  }
  const server = createServer((request, response) => void serve(request, response).catch(() => response.destroy()))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise((done) => server.close(done))
  })
  return { url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`, asked }
}

/** What a server answers a scan that it finds nothing wrong with. */
export const passed = (change: object = {}): object => ({
  success: true,
  wasProcessed: true,
  error: false,
  faceScanSecurityChecks: {
    replayCheckSucceeded: true,
    sessionTokenCheckSucceeded: true,
    auditTrailVerificationCheckSucceeded: true,
    faceScanLivenessCheckSucceeded: true,
  },
  matchLevel: 15,
  scanResultBlob: 'YmxvYg==',
  ...change,
})

export const say =
  (answer: object | string, status = 200): Answer =>
  (_, response) => {
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(typeof answer === 'string' ? answer : JSON.stringify(answer))
  }
