import { describe, expect, test } from 'vitest'
import { FaceServiceUnavailable } from './face-matcher.ts'
import { checkStatus, judgeAnswer, type Question, readSessionToken, refuseStub } from './face-tec-answer.ts'

const ref = '6f9619ff-8b86-4d01-b42d-00cf4fc964ff'
const match: Question = { asked: 'match', ref, minMatchLevel: 15 }
const enrolment: Question = { asked: 'enrolment', ref, minMatchLevel: 15 }

const checks = {
  replayCheckSucceeded: true,
  sessionTokenCheckSucceeded: true,
  auditTrailVerificationCheckSucceeded: true,
  faceScanLivenessCheckSucceeded: true,
}
const yes = {
  success: true,
  wasProcessed: true,
  error: false,
  faceScanSecurityChecks: checks,
  matchLevel: 15,
  externalDatabaseRefID: ref,
  retryScreenEnumInt: 0,
  scanResultBlob: 'blob',
}
const withChecks = (change: object) => ({ ...yes, faceScanSecurityChecks: { ...checks, ...change } })
const without = (name: string) => Object.fromEntries(Object.entries(yes).filter(([key]) => key !== name))
const decide = (answer: unknown, question: Question) => {
  try {
    return judgeAnswer(answer, question).outcome
  } catch (error) {
    if (error instanceof FaceServiceUnavailable) return error.code
    throw error
  }
}

describe('a match', () => {
  test.each([
    ['says yes in every way', yes, 'passed'],
    ['is above the level', { ...yes, matchLevel: 16 }, 'passed'],
    ['does not say whether it was processed', without('wasProcessed'), 'passed'],
    ['names no reference', without('externalDatabaseRefID'), 'passed'],
    ['names the reference in upper case', { ...yes, externalDatabaseRefID: ref.toUpperCase() }, 'passed'],
    ['has no blob', without('scanResultBlob'), 'passed'],
    ['is a replayed scan', withChecks({ replayCheckSucceeded: false }), 'replayed'],
    ['is of another session', withChecks({ sessionTokenCheckSucceeded: false }), 'replayed'],
    ['is of no living face', withChecks({ faceScanLivenessCheckSucceeded: false }), 'not-live'],
    ['has pictures of another scan', withChecks({ auditTrailVerificationCheckSucceeded: false }), 'not-live'],
    [
      'is replayed and not live',
      withChecks({ replayCheckSucceeded: false, faceScanLivenessCheckSucceeded: false }),
      'replayed',
    ],
    ['did not succeed, though every check did', { ...yes, success: false }, 'no-match'],
    ['did not succeed and has no level', { ...without('matchLevel'), success: false }, 'no-match'],
    ['did not succeed and was not processed', { ...yes, success: false, wasProcessed: false }, 'no-match'],
    ['is below the level', { ...yes, matchLevel: 14 }, 'no-match'],
    ['is at the lowest level', { ...yes, matchLevel: 0 }, 'no-match'],
    ['succeeded without being processed', { ...yes, wasProcessed: false }, 'answer-unprocessed'],
    ['is about another reference', { ...yes, externalDatabaseRefID: ref.replace('6', '7') }, 'answer-reference'],
  ])('whose answer %s', (_, answer, outcome) => {
    expect(decide(answer, match)).toBe(outcome)
  })

  test('passes the blob on, and nothing else', () => {
    expect(judgeAnswer(yes, match)).toEqual({ outcome: 'passed', scanResultBlob: 'blob' })
    expect(judgeAnswer({ ...yes, scanResultBlob: null }, match)).toEqual({ outcome: 'passed' })
    expect(judgeAnswer({ ...yes, success: false }, match)).toEqual({ outcome: 'no-match' })
  })

  test('is held to the level that is demanded', () => {
    expect(decide({ ...yes, matchLevel: 11 }, { ...match, minMatchLevel: 11 })).toBe('passed')
    expect(decide({ ...yes, matchLevel: 10 }, { ...match, minMatchLevel: 11 })).toBe('no-match')
  })
})

const missing = ['success', 'error', 'faceScanSecurityChecks', 'matchLevel'].map((name) => [
  `lacks ${name}`,
  without(name),
])
const missingChecks = Object.keys(checks).map((name) => [`lacks ${name}`, withChecks({ [name]: undefined })])
const oddChecks = Object.keys(checks).flatMap((name) =>
  ['true', 1, null, {}].map((odd) => [`has ${JSON.stringify(odd)} as ${name}`, withChecks({ [name]: odd })]),
)
const odd = [
  ...['true', 1, null, [true]].map((value) => ({ success: value })),
  ...['false', 0, null, ''].map((value) => ({ error: value })),
  ...['true', 1, null].map((value) => ({ wasProcessed: value })),
  ...['15', 15.5, null, -1, true, [15], Infinity].map((value) => ({ matchLevel: value })),
  ...[null, [], true, 'all'].map((value) => ({ faceScanSecurityChecks: value })),
  { scanResultBlob: { a: 1 } },
  { externalDatabaseRefID: 5 },
].map((change) => [`has ${JSON.stringify(change)}`, { ...yes, ...change }])
const notAnswers = [
  ...[null, undefined, [], 'true', true, {}].map((one) => [`is ${JSON.stringify(one)}`, one]),
  ['is a list of answers', [yes]],
]

test.each([...missing, ...missingChecks, ...oddChecks, ...odd, ...notAnswers])(
  'an answer that %s decides nothing, and so passes nobody',
  (_, answer) => {
    expect(decide(answer, match)).toBe('answer-shape')
  },
)

describe('an enrolment', () => {
  test('needs no level, and passes by the same checks', () => {
    expect(decide(without('matchLevel'), enrolment)).toBe('passed')
    expect(decide(withChecks({ faceScanLivenessCheckSucceeded: false }), enrolment)).toBe('not-live')
    expect(decide(withChecks({ sessionTokenCheckSucceeded: false }), enrolment)).toBe('replayed')
    expect(decide({ ...yes, success: false }, enrolment)).toBe('no-match')
    expect(decide(without('faceScanSecurityChecks'), enrolment)).toBe('answer-shape')
  })
})

const exists = 'An enrollment already exists for this externalDatabaseRefID.'
const none = 'An enrollment does not exist for this externalDatabaseRefID.'
const noEntry = 'No entry found in the database for this externalDatabaseRefID.'

test.each([
  [exists, 'already-enrolled', 'answer-error'],
  [none, 'answer-error', 'not-enrolled'],
  [noEntry, 'answer-error', 'not-enrolled'],
  ['Tried to search a groupName when that groupName does not exist.', 'answer-error', 'answer-error'],
  ['The scan said: an enrollment already exists', 'answer-error', 'answer-error'],
  ['', 'answer-error', 'answer-error'],
  [undefined, 'answer-error', 'answer-error'],
  [{ toString: exists }, 'answer-error', 'answer-error'],
])('an error that came with 200 and says %j', (errorMessage, enrolled, matched) => {
  const answer = { error: true, success: false, errorMessage }
  expect(decide(answer, enrolment)).toBe(enrolled)
  expect(decide(answer, match)).toBe(matched)
  // Whatever else it says, an error passes nobody.
  expect(decide({ ...yes, error: true, errorMessage }, match)).toBe(matched)
})

test('a stub is known by what it calls itself', () => {
  const stub = { ...yes, serverInfo: { version: '9.7.0', type: 'strongroom-stub', mode: 'stub' } }
  expect(() => refuseStub(stub)).toThrow(FaceServiceUnavailable)
  expect(() => refuseStub({ ...yes, serverInfo: 'strongroom-stub' })).toThrow(FaceServiceUnavailable)
  expect(refuseStub({ ...yes, serverInfo: { version: '9.7.0', type: 'Standard' } })).toBeUndefined()
  expect(refuseStub(yes)).toBeUndefined()
})

test('a session token is a text for a header or a body, from an answer that succeeded', () => {
  expect(readSessionToken({ success: true, error: false, sessionToken: 'a/b+c=' })).toBe('a/b+c=')
  expect(readSessionToken({ success: true, sessionToken: 'abc' })).toBe('abc')
  for (const answer of [
    { sessionToken: 'abc' },
    { success: false, sessionToken: 'abc' },
    { success: true, error: true, sessionToken: 'abc' },
    { success: true, sessionToken: '' },
    { success: true, sessionToken: 'a\r\nb' },
    { success: true, sessionToken: 5 },
    'abc',
  ]) {
    expect(() => readSessionToken(answer)).toThrow(FaceServiceUnavailable)
  }
})

test('a server that does not say that it runs does not', () => {
  expect(checkStatus({ running: true, success: true })).toBeUndefined()
  for (const answer of [{}, { running: true }, { running: 'true', success: true }, { running: false, success: true }]) {
    expect(() => checkStatus(answer)).toThrow(FaceServiceUnavailable)
  }
})
