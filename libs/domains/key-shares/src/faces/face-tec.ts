import { fromUtf8, type Secret } from '@strongroom/crypto'
import type { FaceMatcher, FaceOutcome, FaceScan } from './face-matcher.ts'
import { checkStatus, judgeAnswer, type Question, readSessionToken, refuseStub } from './face-tec-answer.ts'
import { type FaceTecCall, faceTecHttp } from './face-tec-http.ts'

export interface FaceTecOptions {
  /** Where the server's routes begin: `https:`, or `http:` on this machine. */
  readonly url: string
  /** Sent as `X-Device-Key`. */
  readonly deviceKey?: Secret
  /** `user:password` of whatever stands before the server. */
  readonly basicAuth?: Secret
  /** What a match must reach on FaceTec's scale; 15, the surest, where none is given. */
  readonly minMatchLevel?: number
  /** Milliseconds for a call, from the question to the last byte of the answer; 15,000 where none are given. */
  readonly timeoutMs?: number
  /** Whether the stub of the development world may answer. */
  readonly stubs: 'allowed' | 'refused'
}

const lowerCaseUuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/**
 * Matches faces with a FaceTec Server 9.x (`/session-token`, `/enrollment-3d`, `/match-3d-3d`, `/status`).
 * @throws TypeError where the options are none, or a reference is no lower-case UUID.
 */
export function faceTec({ minMatchLevel = 15, timeoutMs = 15_000, stubs, ...server }: FaceTecOptions): FaceMatcher {
  if (!Number.isInteger(minMatchLevel) || minMatchLevel < 1) throw new TypeError('a match level is a number from 1 on')
  const http = faceTecHttp({ ...server, timeoutMs })

  const call = async (one: FaceTecCall): Promise<unknown> => {
    const answer = await http(one)
    if (stubs !== 'allowed') refuseStub(answer)
    return answer
  }
  const ask = async (path: string, question: Question, scan: FaceScan): Promise<FaceOutcome> => {
    const { ref } = question
    if (!lowerCaseUuid.test(ref)) throw new TypeError('the reference of a face is a lower-case UUID')
    return judgeAnswer(await call({ path, userAgent: scan.userAgent, body: bodyOf(ref, scan) }), question)
  }

  return {
    sessionToken: async (userAgent) => readSessionToken(await call({ path: '/session-token', userAgent })),
    enrol: (ref, scan) => ask('/enrollment-3d', { asked: 'enrolment', ref, minMatchLevel }, scan),
    match: (ref, scan) => ask('/match-3d-3d', { asked: 'match', ref, minMatchLevel }, scan),
    check: async () => checkStatus(await call({ path: '/status' })),
  }
}

const bodyOf = (externalDatabaseRefID: string, scan: FaceScan) => ({
  externalDatabaseRefID,
  faceScan: fromUtf8(scan.faceScan.expose()),
  auditTrailImage: fromUtf8(scan.auditTrailImage.expose()),
  lowQualityAuditTrailImage: fromUtf8(scan.lowQualityAuditTrailImage.expose()),
})
