import { expect, test } from 'vitest'
import { judgeAddress } from './judge-address.ts'
import { readSigner, signText, type StoreAccess } from './sig-v4.ts'

// The examples of Amazon's documentation of Signature Version 4.
const access: StoreAccess = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  region: 'us-east-1',
  bucket: 'examplebucket',
}

const policy = `{ "expiration": "2015-12-30T12:00:00.000Z",
  "conditions": [
    {"bucket": "sigv4examplebucket"},
    ["starts-with", "$key", "user/user1/"],
    {"acl": "public-read"},
    {"success_action_redirect": "http://sigv4examplebucket.s3.amazonaws.com/successful_upload.html"},
    ["starts-with", "$Content-Type", "image/"],
    {"x-amz-meta-uuid": "14365123651274"},
    {"x-amz-server-side-encryption": "AES256"},
    ["starts-with", "$x-amz-meta-tag", ""],

    {"x-amz-credential": "AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request"},
    {"x-amz-algorithm": "AWS4-HMAC-SHA256"},
    {"x-amz-date": "20151229T000000Z" }
  ]
}`.replaceAll('\n', '\r\n')

test('the policy of Amazon’s example has Amazon’s signature', () => {
  const scope = { day: '20151229', region: 'us-east-1' }
  expect(signText(access.secretAccessKey, scope, Buffer.from(policy).toString('base64'))).toBe(
    '8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e',
  )
})

const target =
  '/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request' +
  '&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host' +
  '&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404'
const asked = { method: 'GET', target, headers: { host: 'examplebucket.s3.amazonaws.com' } }
const at = (text: string) => new Date(text)

test('the address of Amazon’s example is good for its day', () => {
  expect(judgeAddress(asked, access, at('2013-05-24T00:00:01Z'))).toEqual({})
  expect(judgeAddress(asked, access, at('2013-05-24T23:59:59Z'))).toEqual({})
  expect(judgeAddress(asked, access, at('2013-05-25T00:00:00Z'))).toMatchObject({ code: 'AccessDenied' })
  expect(judgeAddress(asked, access, at('2013-05-23T23:00:00Z'))).toMatchObject({ code: 'AccessDenied' })
})

test('and for nothing else: another host, method or file', () => {
  const now = at('2013-05-24T00:00:01Z')
  const others = [
    { ...asked, headers: { host: 'another.s3.amazonaws.com' } },
    { ...asked, method: 'HEAD' },
    { ...asked, target: target.replace('test.txt', 'text.txt') },
  ]
  for (const other of others) expect(judgeAddress(other, access, now)).toMatchObject({ code: 'SignatureDoesNotMatch' })
})

const claim = {
  algorithm: 'AWS4-HMAC-SHA256',
  credential: 'AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request',
  date: '20130524T000000Z',
}

test.each([
  ['another algorithm', { algorithm: 'AWS4-HMAC-SHA1' }],
  ['another region', { credential: 'AKIAIOSFODNN7EXAMPLE/20130524/eu-west-1/s3/aws4_request' }],
  ['another service', { credential: 'AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/sqs/aws4_request' }],
  ['a scope that goes on', { credential: `${claim.credential}/more` }],
  ['another day', { date: '20130525T000000Z' }],
  ['a day that is none', { date: '20131324T000000Z' }],
  ['no date', { date: undefined }],
])('a claim of %s is refused before anything is compared', (_of, wrong) => {
  expect(readSigner(claim, access)).toMatchObject({ scope: { day: '20130524' } })
  expect(readSigner({ ...claim, ...wrong }, access)).toMatchObject({ code: expect.any(String) })
})
