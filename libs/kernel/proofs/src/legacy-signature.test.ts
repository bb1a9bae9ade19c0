import { expect, test } from 'vitest'
import vectors from '../../../../test/vectors/tokend-request-signature.json' with { type: 'json' }
import { prove, strict } from '../test/prove-signed.ts'
import { type Headers, idOf } from '../test/request-signer.ts'
import type { SignatureRules } from './prove-request-signature.ts'

const { legacy } = vectors
const legacyHeaders: Headers = [
  ['X-AuthPublicKey', legacy.keyId],
  ['X-AuthValidUnTillTimestamp', legacy.validUntil],
  ['X-AuthSignature', legacy.signature],
]
const before = (seconds: number) => () => new Date((Number(legacy.validUntil) - seconds) * 1000)
const accepted = (seconds: number): SignatureRules => ({
  profile: 'compat',
  legacy: 'accepted',
  clock: before(seconds),
})

test('accepted where the operator says so, in its last hour', async () => {
  expect(await prove(legacy, legacyHeaders, accepted(60))).toEqual({
    keyId: legacy.keyId,
    covered: ['uri', 'valid_untill'],
    source: 'legacy',
  })
  for (const seconds of [-1, 3601])
    expect(await prove(legacy, legacyHeaders, accepted(seconds))).toBe('signature-refused')
  expect(await prove(legacy, legacyHeaders, { profile: 'compat', clock: before(60) })).toBe('signature-refused')
  expect(await prove(legacy, legacyHeaders, strict(before(60)))).toBe('signature-refused')
})

test('good for its own target and end; what cannot be read is told so', async () => {
  expect(await prove({ ...legacy, target: '/users?type=3' }, legacyHeaders, accepted(60))).toBe('signature-refused')
  const changed = (name: string, value: string) =>
    legacyHeaders.map(([one, was]) => [one, one === name ? value : was] as const)
  const later = changed('X-AuthValidUnTillTimestamp', String(Number(legacy.validUntil) + 1))
  expect(await prove(legacy, later, accepted(60))).toBe('signature-refused')
  for (const headers of [
    legacyHeaders.slice(1),
    changed('X-AuthPublicKey', idOf('eve')),
    changed('X-AuthValidUnTillTimestamp', '2e9'),
    changed('X-AuthSignature', legacy.signature.slice(4)),
    [...legacyHeaders, ['x-authpublickey', idOf('eve')] as const],
  ])
    expect(await prove(legacy, headers, accepted(60))).toBe('signature-unreadable')
})
