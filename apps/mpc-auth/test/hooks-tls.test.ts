import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { type Certified, certify } from '@strongroom/outbox'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { newDevice, newInstance, NODE_SECRET, startMpcAuth, userOf, type World } from './client.ts'

const [server, node, stranger] = [certify(['127.0.0.1']), certify(['node-1']), certify(['node-1'])]
let folder: string
let world: World
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mpc-auth-tls-'))
  const file = (name: string, content: string) => {
    writeFileSync(join(folder, name), content, { mode: 0o600 })
    return join(folder, name)
  }
  world = await startMpcAuth({
    settings: {
      HOOKS_TLS_CERT_FILE: file('server.pem', server.certificate),
      HOOKS_TLS_KEY_FILE: file('server.key', server.key),
      HOOKS_TLS_CLIENT_CA_FILE: file('nodes.pem', node.certificate),
    },
  })
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true })
})

/** What a hook answers to whoever brings that certificate; a connection that is refused rejects. */
async function ask(token: string, brought: Certified | undefined, maxVersion: 'TLSv1.2' | 'TLSv1.3' = 'TLSv1.3') {
  const url = (world.app.processes[0]?.beside['hooks'] ?? '').replace('http:', 'https:')
  const { promise, resolve, reject } = Promise.withResolvers<[status: number | undefined, text: string]>()
  const asked = request(`${url}/hooks/dkg-setup`, {
    method: 'POST',
    agent: false,
    ca: server.certificate,
    maxVersion,
    headers: { 'content-type': 'application/json', authorization: `Bearer ${NODE_SECRET}` },
    ...(brought && { cert: brought.certificate, key: brought.key }),
  })
  asked.on('response', (answer) => void text(answer).then((said) => resolve([answer.statusCode, said]), reject))
  asked.on('error', reject)
  asked.end(JSON.stringify({ token, setup: {}, instance: newInstance() }))
  return promise
}

const broken = /certificate|unknown ca|alert|socket hang up|ECONNRESET|EPIPE/i

test('a node brings a certificate that the operator trusts, and no secret takes its place', async () => {
  const ann = userOf(world)
  await ann.register()
  const phone = newDevice()
  await ann.addDevice(phone)
  expect(await ask(phone.key, node)).toEqual([200, '"ok"'])
  expect(await ask(newDevice().key, node)).toEqual([200, '"reject"'])
  await expect(ask(phone.key, undefined)).rejects.toThrow(broken)
  await expect(ask(phone.key, stranger)).rejects.toThrow(broken)
  await expect(ask(phone.key, node, 'TLSv1.2')).rejects.toThrow(broken)
  const plain = world.app.processes[0]?.beside['hooks'] ?? ''
  await expect(fetch(`${plain}/hooks/dkg-setup`, { method: 'POST' })).rejects.toThrow('fetch failed')
  const { transactions } = (await ann.get('/transactions')).body as { transactions: object[] }
  expect(transactions).toHaveLength(1)
})
