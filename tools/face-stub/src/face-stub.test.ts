import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type FaceStub, type FaceStubOptions, makeScan, requestScan, type ScanRequest, startFaceStub } from './index.ts'

const begin = async (options?: FaceStubOptions) => {
  const stub = await startFaceStub(options)
  onTestFinished(() => stub.close())
  return stub
}

type Said = Readonly<Record<string, unknown>>

async function ask({ url }: FaceStub, route: string, body?: object): Promise<Said> {
  const [method = '', path = ''] = route.split(' ')
  const answer = await fetch(`${url}${path}`, { method, ...(body && { body: JSON.stringify(body) }) })
  expect(answer.status).toBe(200)
  return (await answer.json()) as Said
}

const allPassed = {
  replayCheckSucceeded: true,
  sessionTokenCheckSucceeded: true,
  auditTrailVerificationCheckSucceeded: true,
  faceScanLivenessCheckSucceeded: true,
}
const failed = { success: false, error: true, wasProcessed: false }

const enrol = async (stub: FaceStub, wish: ScanRequest, ref: string = randomUUID()) => {
  const said = await ask(stub, 'POST /enrollment-3d', {
    ...(await requestScan(stub.url, wish)),
    externalDatabaseRefID: ref,
  })
  return { ref, said }
}
const match = async (stub: FaceStub, wish: ScanRequest, ref: string) =>
  ask(stub, 'POST /match-3d-3d', { ...(await requestScan(stub.url, wish)), externalDatabaseRefID: ref })

describe('a face', () => {
  test('that is enrolled matches itself, at the surest level', async () => {
    const stub = await begin()
    const { ref, said } = await enrol(stub, { person: 'ann' })
    expect(said).toMatchObject({
      success: true,
      wasProcessed: true,
      error: false,
      externalDatabaseRefID: ref,
      faceScanSecurityChecks: allPassed,
      isLikelyDuplicate: false,
      scanResultBlob: expect.any(String),
    })
    const matched = await match(stub, { person: 'ann' }, ref)
    expect(matched).toMatchObject({ success: true, matchLevel: 15, faceScanSecurityChecks: allPassed })
  })

  test('of another person passes every check, and matches at a low level', async () => {
    const stub = await begin()
    const { ref } = await enrol(stub, { person: 'ann' })
    const said = await match(stub, { person: 'bob' }, ref)
    expect(said).toMatchObject({ success: false, error: false, faceScanSecurityChecks: allPassed, matchLevel: 2 })
  })

  test('that does not live is neither enrolled nor matched', async () => {
    const stub = await begin()
    const { ref, said } = await enrol(stub, { person: 'ann', live: false })
    const checks = { ...allPassed, faceScanLivenessCheckSucceeded: false }
    expect(said).toMatchObject({ success: false, error: false, faceScanSecurityChecks: checks })
    expect((await enrol(stub, { person: 'ann' }, ref)).said).toMatchObject({ success: true })
    expect(await match(stub, { person: 'ann', live: false }, ref)).toMatchObject({ success: false })
  })

  test('is enrolled once under a reference, and can be shown and forgotten', async () => {
    const stub = await begin()
    const { ref } = await enrol(stub, { person: 'ann' })
    const again = await enrol(stub, { person: 'bob' }, ref)
    const exists = 'An enrollment already exists for this externalDatabaseRefID.'
    expect(again.said).toMatchObject({ ...failed, errorMessage: exists })
    const shown = await ask(stub, `GET /enrollment-3d/${ref}`)
    expect(shown).toMatchObject({ success: true, faceMapBase64: expect.any(String) })
    expect(await ask(stub, `DELETE /enrollment-3d/${ref}`)).toMatchObject({ success: true })
    const noEntry = 'No entry found in the database for this externalDatabaseRefID.'
    for (const method of ['GET', 'DELETE']) {
      expect(await ask(stub, `${method} /enrollment-3d/${ref}`)).toMatchObject({ ...failed, errorMessage: noEntry })
    }
    const none = 'An enrollment does not exist for this externalDatabaseRefID.'
    expect(await match(stub, { person: 'ann' }, ref)).toMatchObject({ ...failed, errorMessage: none })
  })
})

describe('a scan', () => {
  test('is good once, as is its session', async () => {
    const stub = await begin()
    const scan = await requestScan(stub.url, { person: 'ann' })
    expect(await ask(stub, 'POST /liveness-3d', scan)).toMatchObject({ success: true })
    const { faceScanSecurityChecks: replayed } = await ask(stub, 'POST /liveness-3d', scan)
    expect(replayed).toEqual({ ...allPassed, replayCheckSucceeded: false, sessionTokenCheckSucceeded: false })
  })

  test('of a session that was used, or that nobody opened, is not of this session', async () => {
    const stub = await begin()
    const { sessionToken } = await ask(stub, 'GET /session-token')
    const session = String(sessionToken)
    expect(await ask(stub, 'POST /liveness-3d', makeScan({ person: 'ann', session }))).toMatchObject({ success: true })
    for (const wrong of [session, 'invented']) {
      const said = await ask(stub, 'POST /liveness-3d', makeScan({ person: 'ann', session: wrong }))
      const checks = { ...allPassed, sessionTokenCheckSucceeded: false }
      expect(said).toMatchObject({ success: false, faceScanSecurityChecks: checks })
    }
  })

  test('has pictures of the same person', async () => {
    const stub = await begin()
    const { auditTrailImage } = await requestScan(stub.url, { person: 'bob' })
    const scan = { ...(await requestScan(stub.url, { person: 'ann' })), auditTrailImage }
    const checks = { ...allPassed, auditTrailVerificationCheckSucceeded: false }
    expect(await ask(stub, 'POST /liveness-3d', scan)).toMatchObject({
      success: false,
      faceScanSecurityChecks: checks,
    })
  })

  test('that is none, or is not whole, is an error that comes with 200', async () => {
    const stub = await begin()
    const scan = await requestScan(stub.url, { person: 'ann' })
    for (const body of [{ ...scan, faceScan: 'AAAA' }, { faceScan: scan.faceScan }]) {
      expect(await ask(stub, 'POST /liveness-3d', body)).toMatchObject(failed)
    }
    expect(await ask(stub, 'POST /enrollment-3d', scan)).toMatchObject(failed)
  })
})

describe('the stub', () => {
  test('says in every answer that it is one', async () => {
    const stub = await begin()
    const { said } = await enrol(stub, { person: 'ann' })
    const bad = await ask(stub, 'GET /enrollment-3d/unknown')
    for (const one of [said, bad, await ask(stub, 'GET /status'), await ask(stub, 'GET /session-token')]) {
      expect(one).toMatchObject({ serverInfo: { type: 'strongroom-stub', mode: 'stub' }, callData: expect.anything() })
    }
    expect(await ask(stub, 'GET /status')).toMatchObject({ running: true, success: true })
  })

  test('fails as it is told to, until it is told otherwise', async () => {
    const stub = await begin({ failures: 'server-error' })
    const answer = await fetch(`${stub.url}/status`)
    expect([answer.status, await answer.text()]).toEqual([500, 'Internal Server Error'])
    stub.fail('forbidden')
    expect((await fetch(`${stub.url}/session-token`)).status).toBe(403)
    stub.fail('hang')
    const waited = fetch(`${stub.url}/status`, { signal: AbortSignal.timeout(200) })
    await expect(waited).rejects.toMatchObject({ name: 'TimeoutError' })
    stub.fail('none')
    expect(await ask(stub, 'GET /status')).toMatchObject({ running: true })
  })

  test('keeps faces through a restart, for its owner alone', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'face-stub-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const stateDir = join(folder, 'state')
    const first = await startFaceStub({ stateDir })
    const { ref } = await enrol(first, { person: 'ann' })
    await first.close()
    expect(statSync(join(stateDir, 'faces.json')).mode & 0o777).toBe(0o600)
    const second = await begin({ stateDir })
    expect(await match(second, { person: 'ann' }, ref)).toMatchObject({ success: true })
  })

  test('listens on this machine only, takes another port for a busy one, and turns away pages of the web', async () => {
    const stub = await begin()
    const { hostname, port } = new URL(stub.url)
    expect(hostname).toBe('127.0.0.1')
    const other = await begin({ port: Number(port) })
    expect(new URL(other.url).port).not.toBe(port)
    expect((await fetch(`${stub.url}/status`, { headers: { origin: 'https://example.com' } })).status).toBe(403)
    expect(await statusUnder(stub, 'faces.example.com')).toBe(403)
    expect((await fetch(`${stub.url}/3d-db/enroll`, { method: 'POST' })).status).toBe(404)
    expect((await fetch(`${stub.url}/liveness-3d`, { method: 'POST', body: '{' })).status).toBe(400)
  })
})

/** As a page whose name was made to point at this machine. */
const statusUnder = ({ url }: FaceStub, host: string) =>
  new Promise<number | undefined>((done, reject) => {
    request(`${url}/status`, { headers: { host } }, (answer) => {
      answer.resume()
      done(answer.statusCode)
    })
      .on('error', reject)
      .end()
  })
