import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { Secret } from '@strongroom/crypto'
import { isOutage } from '@strongroom/http'
import { describe, expect, onTestFinished, test } from 'vitest'
import { faceTec, type FaceTecOptions } from '../src/faces/face-tec.ts'
import { canary, failureOf, scan } from './face-leak-trap.ts'
import { passed, say, startFaceProvider } from './face-provider.ts'

const ref = '6f9619ff-8b86-4d01-b42d-00cf4fc964ff'
const credentials = { deviceKey: new Secret(canary.deviceKey), basicAuth: new Secret(canary.basicAuth) }
const matcher = (url: string, more: Partial<FaceTecOptions> = {}) =>
  faceTec({ url, stubs: 'refused', ...credentials, ...more })

describe('a scan', () => {
  test('goes to the server as it came from the device, under the reference alone', async () => {
    const { url, asked } = await startFaceProvider(say(passed()))
    const faces = matcher(`${url}/api/v3.1/biometrics/`)
    expect(await faces.enrol(ref, scan)).toEqual({ outcome: 'passed', scanResultBlob: 'YmxvYg==' })
    expect(await faces.match(ref, scan)).toMatchObject({ outcome: 'passed' })
    expect(asked.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'POST /api/v3.1/biometrics/enrollment-3d',
      'POST /api/v3.1/biometrics/match-3d-3d',
    ])
    for (const { headers, body } of asked) {
      expect(headers).toMatchObject({
        'content-type': 'application/json',
        connection: 'close',
        'x-device-key': canary.deviceKey,
        'x-user-agent': canary.userAgent,
        authorization: `Basic ${Buffer.from(canary.basicAuth).toString('base64')}`,
      })
      expect(JSON.parse(body)).toEqual({
        externalDatabaseRefID: ref,
        faceScan: canary.scan,
        auditTrailImage: canary.image,
        lowQualityAuditTrailImage: canary.small,
      })
    }
  })

  test('is held to 15 of 15 where nobody demands less', async () => {
    const { url } = await startFaceProvider(say(passed({ matchLevel: 14 })))
    expect(await matcher(url).match(ref, scan)).toEqual({ outcome: 'no-match' })
    expect(await matcher(url, { minMatchLevel: 14 }).match(ref, scan)).toMatchObject({ outcome: 'passed' })
  })

  test('is never sent under a reference that is no lower-case UUID, such as a name', async () => {
    const { url, asked } = await startFaceProvider(say(passed()))
    for (const wrong of ['auth0|canary', ref.toUpperCase(), `${ref}/..`, ` ${ref}`, `${ref}\n`, '']) {
      expect(await failureOf(matcher(url).match(wrong, scan))).toBeInstanceOf(TypeError)
      expect(await failureOf(matcher(url).enrol(wrong, scan))).toBeInstanceOf(TypeError)
    }
    expect(asked).toEqual([])
  })
})

describe('a user agent', () => {
  test.each([
    ['a\r\nX-Device-Key: other', 'aX-Device-Key: other'],
    ['phone of Zoë\u0000\u{1f600}', 'phone of Zo'],
    ['  padded  ', 'padded'],
    ['x'.repeat(5000), 'x'.repeat(1024)],
    ['\r\n', undefined],
    [undefined, undefined],
  ])('of %j begins no header of its own', async (userAgent, sent) => {
    const { url, asked } = await startFaceProvider(say({ ...passed(), sessionToken: 'token' }))
    await matcher(url).sessionToken(userAgent)
    await matcher(url).match(ref, { ...scan, userAgent })
    // A session is of one user agent: both calls must say the same.
    expect(asked.map(({ headers }) => headers['x-user-agent'])).toEqual([sent, sent])
    for (const { headers } of asked) expect(headers['x-device-key']).toBe(canary.deviceKey)
  })
})

test('a session token comes from the server, and a server that runs is in order', async () => {
  const { url, asked } = await startFaceProvider(say({ success: true, running: true, sessionToken: 'token' }))
  expect(await matcher(url).sessionToken(canary.userAgent)).toBe('token')
  expect(await matcher(url).check()).toBeUndefined()
  expect(asked.map(({ method, path, body }) => [method, path, body])).toEqual([
    ['GET', '/session-token', ''],
    ['GET', '/status', ''],
  ])
})

test('without credentials none are sent', async () => {
  const { url, asked } = await startFaceProvider(say(passed()))
  await faceTec({ url, stubs: 'refused' }).match(ref, scan)
  expect(Object.keys(asked[0]?.headers ?? {})).not.toContain('authorization')
  expect(Object.keys(asked[0]?.headers ?? {})).not.toContain('x-device-key')
})

/** Every call fails alike; the failure is an outage that says when to come back. */
async function outagesOf(url: string, more: Partial<FaceTecOptions> = {}) {
  const faces = matcher(url, more)
  const works = [faces.enrol(ref, scan), faces.match(ref, scan), faces.sessionToken(canary.userAgent), faces.check()]
  const errors = await Promise.all(works.map(failureOf))
  for (const error of errors) {
    expect(error.name).toBe('FaceServiceUnavailable')
    expect(isOutage(error)).toBe(true)
  }
  return errors
}
const expectOutages = async (url: string, failure: object, more: Partial<FaceTecOptions> = {}) => {
  for (const error of await outagesOf(url, more)) expect(error).toMatchObject(failure)
}

const echo =
  (status: number, headers: Record<string, string> = {}) =>
  (asked: { body: string }, to: ServerResponse) =>
    void to.writeHead(status, headers).end(`canary: ${asked.body}`)

describe('a server that misbehaves is an outage, without a word of what it said or was sent:', () => {
  test.each([
    [500, 30],
    [502, 30],
    [503, 30],
    [429, 30],
    [400, 300],
    [401, 300],
    [403, 300],
    [404, 300],
    [201, 300],
  ])('%i, in plain text', async (status, retryAfterSeconds) => {
    const { url } = await startFaceProvider(echo(status))
    await expectOutages(url, { reason: 'unavailable', code: `http-${String(status)}`, retryAfterSeconds })
  })

  test('a gateway that waited in vain', async () => {
    const { url } = await startFaceProvider(echo(504))
    await expectOutages(url, { reason: 'timeout', code: 'http-504' })
  })

  test.each([
    ['7', 7],
    ['0', 1],
    ['999999', 3600],
    ['canary', 30],
  ])('one that asks to come back in %j', async (text, retryAfterSeconds) => {
    const { url } = await startFaceProvider(echo(503, { 'retry-after': text }))
    await expectOutages(url, { retryAfterSeconds })
  })

  test.each([301, 302, 303, 307, 308])('one that redirects by %i, which nobody follows', async (status) => {
    const inner = await startFaceProvider(say(passed()))
    const { url } = await startFaceProvider(echo(status, { location: `${inner.url}/canary` }))
    await expectOutages(url, { code: `http-${String(status)}` })
    expect(inner.asked).toEqual([])
  })

  test('one that hangs', async () => {
    const { url } = await startFaceProvider(() => undefined)
    await expectOutages(url, { reason: 'timeout', code: 'ETIMEDOUT' }, { timeoutMs: 300 })
  })

  test.each([200, 500])('one that drips an answer of %i without an end', async (status) => {
    const { url } = await startFaceProvider((_, response) => {
      response.writeHead(status, { 'content-type': 'application/json' }).write(' ')
      const timer = setInterval(() => response.write(' '), 20)
      response.on('close', () => clearInterval(timer))
    })
    if (status === 200) await expectOutages(url, { reason: 'timeout', code: 'ETIMEDOUT' }, { timeoutMs: 300 })
    // Of this one nothing but the status is waited for, however long that takes.
    else await expectOutages(url, { code: 'http-500' }, { timeoutMs: 60_000 })
  })

  test('one that never reads what it is sent', async () => {
    const port = await listenRaw((socket) => void socket.pause())
    const large = { ...scan, faceScan: new Secret('A'.repeat(16 * 1024 * 1024)) }
    const work = matcher(`http://127.0.0.1:${String(port)}`, { timeoutMs: 300 }).match(ref, large)
    expect(await failureOf(work)).toMatchObject({ reason: 'timeout' })
  })

  test('one whose answer is larger than any', async () => {
    const { url } = await startFaceProvider(say({ ...passed(), scanResultBlob: 'x'.repeat(5 * 1024 * 1024) }))
    await expectOutages(url, { code: 'answer-size' })
  })

  test('one whose answer is small and grows when it is unpacked', async () => {
    const packed = gzipSync(Buffer.alloc(64 * 1024 * 1024, ' '))
    const { url } = await startFaceProvider(
      (_, response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end(packed),
    )
    await expectOutages(url, { code: 'answer-size' })
  })

  test.each(['', '{"success":true', 'canary', '{"success":true}canary', '['.repeat(1_000_000)])(
    'one whose JSON is broken',
    async (text) => {
      const { url } = await startFaceProvider(say(text))
      await expectOutages(url, { reason: 'unavailable', code: 'answer-json' })
    },
  )

  test.each([
    [{ success: true }, 'answer-shape'],
    [{ error: true, success: false, errorMessage: 'canary' }, 'answer-error'],
  ])('one that answers %j', async (answer, code) => {
    const { url } = await startFaceProvider(say(answer))
    expect(await failureOf(matcher(url).match(ref, scan))).toMatchObject({ reason: 'unavailable', code })
  })

  test('one that hangs up, speaks no HTTP, or is not there', async () => {
    const hangsUp = await listenRaw((socket) => void socket.destroy())
    const mumbles = await listenRaw((socket) => void socket.end('canary what?\r\n\r\n'))
    for (const port of [hangsUp, mumbles]) {
      await expectOutages(`http://127.0.0.1:${String(port)}`, { reason: 'unavailable' })
    }
    await expectOutages(`http://127.0.0.1:${String(await freedPort())}`, { code: 'ECONNREFUSED' })
  })
})

describe('a stub', () => {
  const stub = { ...passed(), running: true, sessionToken: 'token', serverInfo: { type: 'strongroom-stub' } }

  test('is an outage where stubs are refused, whatever is asked', async () => {
    const { url } = await startFaceProvider(say(stub))
    await expectOutages(url, { code: 'stub-refused' })
  })

  test('is one also where nobody says whether it may be', async () => {
    const { url } = await startFaceProvider(say(stub))
    await expectOutages(url, { code: 'stub-refused' }, { stubs: undefined as unknown as 'refused' })
  })

  test('answers where stubs are allowed', async () => {
    const { url } = await startFaceProvider(say(stub))
    expect(await matcher(url, { stubs: 'allowed' }).match(ref, scan)).toMatchObject({ outcome: 'passed' })
  })
})

const build = (more: Partial<FaceTecOptions>) => (): unknown => matcher('https://faces.example.com', more)

test.each([
  'http://faces.example.com',
  'http://169.254.169.254/latest',
  'http://127.0.0.1.example.com',
  'file:///etc/passwd',
  'https://user:canary@faces.example.com',
  'https://faces.example.com?canary=1',
  'faces.example.com',
  '',
])('%j is no FaceTec server', (url) => {
  expect(build({ url })).toThrow('the FaceTec URL is https')
})

test('settings that cannot be meant end the start, and are not repeated', async () => {
  for (const more of [
    { minMatchLevel: 0 },
    { minMatchLevel: 14.5 },
    { minMatchLevel: NaN },
    { timeoutMs: 0 },
    { timeoutMs: NaN },
    { deviceKey: new Secret('canary\r\nX: y') },
    { deviceKey: new Secret('') },
    { basicAuth: new Secret('canary') },
    { basicAuth: new Secret('canary:with\nbreak') },
  ]) {
    expect(await failureOf((async () => build(more)())())).toBeInstanceOf(TypeError)
  }
  expect(build({})).not.toThrow()
})

/** A server that speaks no HTTP. */
async function listenRaw(serve: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined))
    serve(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((done) => server.close(done))
  })
  return (server.address() as AddressInfo).port
}

async function freedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise((done) => server.close(done))
  return port
}
