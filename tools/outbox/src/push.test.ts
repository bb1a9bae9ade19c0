import { X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { request } from 'node:https'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { IncomingMessage } from 'node:http'
import { json } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { certify, type Outbox, startOutbox, type Told } from './index.ts'

// Apps send to it with the senders of `notify`, whose tests show that what they send arrives here.

let outbox: Outbox
beforeEach(async () => {
  outbox = await startOutbox()
})
afterEach(() => outbox.stop())

const list = async () => (await (await fetch(`${outbox.url}/messages`)).json()) as Told[]
const ask = async (path: string, headers: Record<string, string> = {}, body = '{}') => {
  const asked = request(`${outbox.push.url}${path}`, { method: 'POST', ca: outbox.push.ca, headers })
  const [answer] = (await once(asked.end(body), 'response')) as [IncomingMessage]
  return { status: answer.statusCode, body: await json(answer).catch(() => undefined) }
}
const subscribe = (body: unknown) =>
  fetch(`${outbox.url}/push/subscriptions`, { method: 'POST', body: JSON.stringify(body) })

test('the certificate vouches for the names that apps ask for, and for nobody else', () => {
  const certificate = new X509Certificate(certify(['localhost', '127.0.0.1', 'fcm.googleapis.com']).certificate)
  expect(certificate.subjectAltName).toBe('DNS:localhost, IP Address:127.0.0.1, DNS:fcm.googleapis.com')
  expect(certificate.verify(certificate.publicKey)).toBe(true)
  expect(certificate.ca).toBe(false)
  expect(certificate.checkHost('example.com')).toBeUndefined()
  expect(certificate.validToDate.getTime() - certificate.validFromDate.getTime()).toBeGreaterThan(9 * 365 * 86_400_000)
})

test('whoever subscribes gets what a browser would, at an address of its own', async () => {
  const both = (await Promise.all(
    [subscribe({}), subscribe({ name: 'phone' })].map(async (one) => (await one).json()),
  )) as {
    endpoint: string
    keys: Record<string, string>
  }[]
  for (const { endpoint, keys } of both) {
    expect(endpoint.startsWith(`${outbox.push.url}/push/`)).toBe(true)
    expect([keys['p256dh']?.length, keys['auth']?.length]).toEqual([87, 22])
  }
  expect(both[0]?.endpoint).not.toBe(both[1]?.endpoint)
  expect(both[1]?.endpoint).toContain('/push/phone-')
  expect((await subscribe({ name: '../x' })).status).toBe(400)
})

describe('who does not say what a push service demands', () => {
  test.each([
    ['/push/nobody', {}, 400],
    ['/push/nobody', { ttl: '1', 'content-encoding': 'aes128gcm' }, 401],
    [
      '/push/nobody',
      { ttl: '1', 'content-encoding': 'aes128gcm', authorization: `vapid t=a.b.c,k=${'B'.repeat(87)}` },
      400,
    ],
    ['/v1/projects/strongroom-dev/messages:send', {}, 401],
    ['/v1/projects/strongroom-dev/messages:send', { authorization: 'Bearer guess' }, 401],
    ['/token', {}, 400],
    ['/other', {}, 404],
    ['/push/nobody', { origin: 'https://evil.example' }, 403],
  ])('at %s with %o is refused', async (path, headers, status) => {
    expect((await ask(path, headers as Record<string, string>)).status).toBe(status)
    expect(await list()).toEqual([])
  })
})

test('keys stay over a restart in a file that only its owner may read', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'outbox-'))
  const pushFile = join(folder, 'state', 'push.json')
  const environmentOf = async () => {
    const one = await startOutbox({ pushFile })
    const { PUSH_DEVELOPMENT_URL, ...kept } = await one.push.environment()
    expect(PUSH_DEVELOPMENT_URL).toBe(one.push.url)
    await one.stop()
    return kept
  }
  try {
    const first = await environmentOf()
    expect(statSync(pushFile).mode & 0o777).toBe(0o600)
    expect(await environmentOf()).toEqual(first)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
