import { inspect } from 'node:util'
import { Secret } from '@strongroom/crypto'
import { expect } from 'vitest'
import type { FaceScan } from '../src/faces/face-matcher.ts'

const base64 = (text: string): string => Buffer.from(text).toString('base64')

/** In every scan, credential and address of these tests; none of it may be in an error. */
export const canary = {
  scan: base64('canary-scan'),
  image: base64('canary-image'),
  small: base64('canary-small'),
  userAgent: 'facetec|sdk|canary-agent',
  deviceKey: 'canary-device-key',
  basicAuth: 'canary-user:canary-password',
}
const leaks = ['canary', canary.scan, canary.image, canary.small, base64(canary.basicAuth), '127.0.0.1']

export const scan: FaceScan = {
  faceScan: new Secret(canary.scan),
  auditTrailImage: new Secret(canary.image),
  lowQualityAuditTrailImage: new Secret(canary.small),
  userAgent: canary.userAgent,
}

/** What an error shows in any way, its cause and its hidden properties included. */
const shown = (error: Error) =>
  [error.message, error.stack, inspect(error, { depth: 10, showHidden: true }), JSON.stringify(error)].join('\n')

/** Runs what must fail, finds nothing of a face, a key or an answer in the failure, and answers with it. */
export async function failureOf(work: Promise<unknown>): Promise<Error> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof Error)) throw new Error('this was to fail')
  for (const leak of leaks) expect(shown(error)).not.toContain(leak)
  return error
}
