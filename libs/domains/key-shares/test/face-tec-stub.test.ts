import { randomUUID } from 'node:crypto'
import { Secret } from '@strongroom/crypto'
import { requestScan, type ScanRequest, startFaceStub } from '@strongroom/face-stub'
import { expect, onTestFinished, test } from 'vitest'
import type { FaceScan } from '../src/faces/face-matcher.ts'
import { faceTec } from '../src/faces/face-tec.ts'
import { failureOf } from './face-leak-trap.ts'

async function begin() {
  const stub = await startFaceStub()
  onTestFinished(() => stub.close())
  const within = (timeoutMs: number) => faceTec({ url: stub.url, stubs: 'allowed', timeoutMs })
  const faces = within(60_000)
  const scan = async (wish: ScanRequest): Promise<FaceScan> => {
    const { faceScan, ...images } = await requestScan(stub.url, wish)
    return {
      faceScan: new Secret(faceScan),
      auditTrailImage: new Secret(images.auditTrailImage),
      lowQualityAuditTrailImage: new Secret(images.lowQualityAuditTrailImage),
      userAgent: 'facetec|sdk|test',
    }
  }
  return { stub, faces, within, scan }
}

test('a face that lives is enrolled once, and matches itself alone', async () => {
  const { faces, scan } = await begin()
  const ref = randomUUID()
  await faces.check()
  expect(await faces.match(ref, await scan({ person: 'ann' }))).toEqual({ outcome: 'not-enrolled' })
  expect(await faces.enrol(ref, await scan({ person: 'ann', live: false }))).toEqual({ outcome: 'not-live' })
  const enrolled = await faces.enrol(ref, await scan({ person: 'ann' }))
  expect(enrolled).toEqual({ outcome: 'passed', scanResultBlob: expect.any(String) })
  expect(await faces.enrol(ref, await scan({ person: 'bob' }))).toEqual({ outcome: 'already-enrolled' })
  expect(await faces.match(ref, await scan({ person: 'ann' }))).toMatchObject({ outcome: 'passed' })
  expect(await faces.match(ref, await scan({ person: 'bob' }))).toEqual({ outcome: 'no-match' })
  expect(await faces.match(ref, await scan({ person: 'ann', live: false }))).toEqual({ outcome: 'not-live' })
})

test('a scan passes once', async () => {
  const { faces, scan } = await begin()
  const ref = randomUUID()
  const taken = await scan({ person: 'ann' })
  expect(await faces.enrol(ref, taken)).toMatchObject({ outcome: 'passed' })
  expect(await faces.match(ref, taken)).toEqual({ outcome: 'replayed' })
})

test('a session token is a new one each time', async () => {
  const { faces } = await begin()
  const tokens = [await faces.sessionToken('a'), await faces.sessionToken(undefined)]
  expect(new Set(tokens).size).toBe(2)
})

test('the stub as it is does not get past an adapter that refuses stubs', async () => {
  const { stub, scan } = await begin()
  const faces = faceTec({ url: stub.url, stubs: 'refused' })
  const taken = await scan({ person: 'ann' })
  for (const work of [faces.check(), faces.sessionToken('a'), faces.enrol(randomUUID(), taken)]) {
    expect(await failureOf(work)).toMatchObject({ reason: 'unavailable', code: 'stub-refused' })
  }
})

test.each([
  ['server-error', { reason: 'unavailable', code: 'http-500' }],
  ['forbidden', { reason: 'unavailable', code: 'http-403' }],
  ['hang', { reason: 'timeout', code: 'ETIMEDOUT' }],
] as const)('a stub that fails by %s is an outage, and none afterwards', async (mode, failure) => {
  const { stub, faces, within, scan } = await begin()
  const ref = randomUUID()
  const taken = await scan({ person: 'ann' })
  stub.fail(mode)
  const asked = mode === 'hang' ? within(400) : faces
  expect(await failureOf(asked.enrol(ref, taken))).toMatchObject(failure)
  stub.fail('none')
  expect(await faces.enrol(ref, taken)).toMatchObject({ outcome: 'passed' })
})
