import { expect, test } from 'vitest'
import { judgePolicy, type Policy, readPolicy } from './policy.ts'
import { Refused } from './refused.ts'

const now = new Date('2026-01-15T10:30:00Z')
const written = (conditions: readonly unknown[], expiration = '2026-01-15T11:30:00Z') =>
  Buffer.from(JSON.stringify({ expiration, conditions })).toString('base64')

function policyOf(...conditions: readonly unknown[]): Policy {
  const policy = readPolicy(written([{ bucket: 'documents' }, ...conditions]))
  if (policy instanceof Refused) throw new Error(policy.message)
  return policy
}
const judge = (policy: Policy, fields: Readonly<Record<string, string>>, at = now) =>
  judgePolicy(policy, { fields: new Map(Object.entries(fields)), bucket: 'documents' }, at)?.message

test('a policy holds for fields that are what it says, or begin so, whatever the case of their names', () => {
  const policy = policyOf({ Key: 'a' }, ['eq', '$Content-Type', 'image/png'], ['starts-with', '$x-amz-meta-tag', 'red'])
  const fields = { key: 'a', 'content-type': 'image/png', 'x-amz-meta-tag': 'reddish' }
  expect(judge(policy, fields)).toBeUndefined()
  for (const [name, value] of [
    ['key', 'ab'],
    ['key', 'A'],
    ['content-type', 'image/png2'],
    ['x-amz-meta-tag', 'a red one'],
  ])
    expect(judge(policy, { ...fields, [name ?? '']: value ?? '' })).toContain(`Policy Condition failed: ${name ?? ''}`)
})

test('a field that a condition names must be there, even where it may begin with anything', () => {
  expect(judge(policyOf(['starts-with', '$key', '']), {})).toContain('Policy Condition failed: key')
  expect(judge(policyOf(['starts-with', '$key', '']), { key: 'anything' })).toBeUndefined()
})

test('a field that no condition names is one too many, but for the few that S3 lets pass', () => {
  const fields = { key: 'a', policy: 'p', 'x-amz-signature': 's', 'x-ignore-me': 'i' }
  expect(judge(policyOf({ key: 'a' }), fields)).toBeUndefined()
  expect(judge(policyOf({ key: 'a' }), { ...fields, acl: 'public-read' })).toContain('Extra input fields: acl')
})

test('a policy ends when it says, and is of one bucket', () => {
  expect(judge(policyOf(), {}, new Date('2026-01-15T11:29:59Z'))).toBeUndefined()
  expect(judge(policyOf(), {}, new Date('2026-01-15T11:30:00Z'))).toContain('expired')
  expect(judge(policyOf({ bucket: 'another' }), {})).toContain('Policy Condition failed: bucket')
  const ofNoBucket = readPolicy(written([]))
  expect(judge(ofNoBucket as Policy, {})).toContain('names no bucket')
})

test('of two ranges of length both hold', () => {
  const policy = policyOf(['content-length-range', 1, 1000], ['content-length-range', 10, 2000])
  expect(policy).toMatchObject({ least: 10, most: 1000 })
})

test.each([
  ['no base64', '***'],
  ['no JSON', Buffer.from('{').toString('base64')],
  ['no expiration', Buffer.from('{"conditions":[]}').toString('base64')],
  ['an expiration that is no date', written([], 'tomorrow')],
  ['a condition of another kind', written([['ends-with', '$key', 'a']])],
  ['a range that is none', written([['content-length-range', 'a', 'b']])],
  ['a value that is no text', written([{ key: 7 }])],
])('what is %s is no policy', (_name, text) => {
  expect(readPolicy(text)).toMatchObject({ status: 400, code: 'InvalidPolicyDocument' })
})
