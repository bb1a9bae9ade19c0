import { fromBase64, sha256, toBase64, toHex, toUtf8 } from '@strongroom/crypto'
import { expect, test } from 'vitest'
import vectors from '../../../../../test/vectors/tokend-envelope.json' with { type: 'json' }
import { type Envelope, isFault, readEnvelope, transactionHash, writeEnvelope } from './envelope.ts'
import type { OperationBody, SignerData } from './operations.ts'
import { writeRequest, requestHash } from './recovery-request.ts'
import { writeResult } from './results.ts'

const { networkPassphrase } = vectors
const [ann, bob] = vectors.signers.map(({ keyId }) => keyId) as [string, string]

const read = (text: string): Envelope => {
  const envelope = readEnvelope(text, networkPassphrase)
  if (isFault(envelope)) throw new Error(envelope.fault)
  return envelope
}
const faultOf = (text: string): string | undefined => {
  const envelope = readEnvelope(text, networkPassphrase)
  return isFault(envelope) ? envelope.fault : undefined
}
const bodyOf = (text: string): OperationBody | undefined => read(text).operations[0]?.body

const signer: SignerData = { key: bob, role: 2n, weight: 1000, identity: 1, details: '{}' }
const fees = { source: { fixed: 1_000_000n, percent: 2_000_000n }, destination: { fixed: 0n, percent: 0n } }
const review = { requestId: 77n, requestHash: 'ef'.repeat(32) }
const sourceBalance = '11'.repeat(32)

const expected: Readonly<Record<keyof typeof vectors.operations, OperationBody>> = {
  create: { type: 'manage-signer', change: { action: 'create', signer: { ...signer, details: '{"name":"télé"}' } } },
  update: {
    type: 'manage-signer',
    change: {
      action: 'update',
      signer: { ...signer, role: 18_446_744_073_709_551_615n, weight: 0, identity: 4_294_967_295 },
    },
  },
  remove: { type: 'manage-signer', change: { action: 'remove', key: bob } },
  payment: {
    type: 'payment',
    sourceBalance,
    destination: { kind: 'account', account: bob },
    amount: 12_500_000n,
    fees: { ...fees, sourcePaysForDestination: true },
    subject: '{"a":1}',
    reference: 'r1',
  },
  paymentToBalance: {
    type: 'payment',
    sourceBalance,
    destination: { kind: 'balance', balance: sourceBalance },
    amount: 1n,
    fees: { ...fees, sourcePaysForDestination: true },
    subject: '',
    reference: '',
  },
  initiate: { type: 'initiate-kyc-recovery', account: ann, signer: bob },
  recovery: {
    type: 'create-kyc-recovery-request',
    requestId: 0n,
    account: ann,
    signers: [signer],
    creatorDetails: '{"blob_id":"X"}',
    allTasks: 0,
  },
  recoveryUpdate: {
    type: 'create-kyc-recovery-request',
    requestId: 77n,
    account: ann,
    signers: [signer],
    creatorDetails: '{}',
    allTasks: undefined,
  },
  review: {
    type: 'review-request',
    ...review,
    action: 'approve',
    reason: '',
    details: { tasksToAdd: 0, tasksToRemove: 0, externalDetails: '{}' },
  },
  reviewReject: {
    type: 'review-request',
    ...review,
    action: 'permanent-reject',
    reason: 'blurred',
    details: { tasksToAdd: 1, tasksToRemove: 2, externalDetails: '{"a":1}' },
  },
}

test('what the published client writes is read, hashed and written as it does', () => {
  const all = { published: vectors.published, ...vectors.operations }
  for (const [name, { envelope, hash }] of Object.entries(all)) {
    const { signatures, hash: computed, ...transaction } = read(envelope)
    expect([name, toHex(computed)]).toEqual([name, hash])
    expect([name, writeEnvelope(transaction, signatures)]).toEqual([name, envelope])
    expect(toHex(transactionHash(transaction, networkPassphrase))).toBe(hash)
  }
  expect(toHex(sha256(toUtf8(networkPassphrase)))).toBe(vectors.networkId)
})

test.each(Object.entries(expected))('%s has its operation', (name, body) => {
  expect(bodyOf(vectors.operations[name as keyof typeof expected].envelope)).toEqual(body)
})

test('source, salt, time bounds, memo and signatures of the published vector', () => {
  expect(read(vectors.published.envelope)).toMatchObject({
    source: ann,
    salt: 1_234_567_890n,
    timeBounds: { minTime: 0n, maxTime: 2_000_000_000n },
    memo: { type: 'none' },
    operations: [{ source: undefined, body: { type: 'manage-signer', change: { action: 'remove', key: bob } } }],
    signatures: [{ hint: Uint8Array.of(0x5b, 0xce, 0x49, 0x77) }],
  })
  const memos = (['create', 'update', 'remove', 'payment'] as const).map(
    (name) => read(vectors.operations[name].envelope).memo,
  )
  expect(memos).toEqual([
    { type: 'text', text: 'hi' },
    { type: 'id', id: 18_446_744_073_709_551_615n },
    { type: 'hash', hash: 'ab'.repeat(32) },
    { type: 'return', hash: 'cd'.repeat(32) },
  ])
  expect(read(vectors.operations.remove.envelope).operations[0]?.source).toBe(ann)
})

test('the network is part of the hash, and of nothing else', () => {
  const elsewhere = readEnvelope(vectors.published.envelope, 'Another Network') as Envelope
  expect(elsewhere.source).toBe(ann)
  expect(toHex(elsewhere.hash)).not.toBe(vectors.published.hash)
})

test('the result of a transaction and the hash of a recovery request are TokenD’s', () => {
  const result = writeResult([
    { type: 'manage-signer' },
    { type: 'create-kyc-recovery-request', requestId: 77 },
    { type: 'review-request', fulfilled: true },
    { type: 'initiate-kyc-recovery' },
  ])
  expect(result).toBe(vectors.result)
  const request = { account: ann, signers: [signer], creatorDetails: '{"blob_id":"X"}', sequence: 3 }
  expect(toBase64(writeRequest(request))).toBe(vectors.recoveryRequest.xdr)
  expect(requestHash(request)).toBe(vectors.recoveryRequest.hash)
})

const bytes = fromBase64(vectors.published.envelope)
const changed = (at: number, ...put: number[]): string => {
  const copy = Uint8Array.from(bytes)
  copy.set(put, at)
  return toBase64(copy)
}
const memoed = fromBase64(vectors.operations.create.envelope)
const memoPadding = Uint8Array.from(memoed).fill(1, 70, 71)

test.each([
  ['no Base64', 'AAAA*', 'not-base64'],
  [
    'Base64 in lines',
    `${vectors.published.envelope.slice(0, 64)}\n${vectors.published.envelope.slice(64)}`,
    'not-base64',
  ],
  ['the alphabet of URLs', vectors.published.envelope.replaceAll('+', '-').replaceAll('/', '_'), 'not-base64'],
  ['bits that no byte has', vectors.published.envelope.replace(/.$/, 'D').concat('='), 'not-base64'],
  ['nothing', '', 'truncated'],
  ['an end too early', toBase64(bytes.subarray(0, -1)), 'truncated'],
  ['a byte behind it', toBase64(Uint8Array.of(...bytes, 0)), 'trailing-bytes'],
  ['a signature that nobody counted', toBase64(Uint8Array.of(...bytes, ...bytes.subarray(-72))), 'trailing-bytes'],
  ['more than anybody means', 'A'.repeat(65_540), 'too-long'],
  ['a key of another type', changed(3, 1), 'key-type-unknown'],
  ['a memo of another type', changed(63, 5), 'case-unknown'],
  ['padding that says something', toBase64(memoPadding), 'padding-not-zero'],
  ['101 operations', changed(67, 101), 'too-many-operations'],
  ['a source that is half there', changed(71, 2), 'boolean-unknown'],
  ['an operation of another type', vectors.stampOperation.envelope, 'operation-unknown'],
  ['an action of another type', changed(79, 3), 'case-unknown'],
  ['a signer of a later version', changed(119, 1), 'extension-unknown'],
  ['an operation of a later version', changed(123, 1), 'extension-unknown'],
  ['a transaction of a later version', changed(127, 1), 'extension-unknown'],
  ['21 signatures', changed(131, 21), 'too-many-signatures'],
  ['a signature of 63 bytes', changed(139, 63), 'signature-length'],
  [
    'a review of something else',
    vectors.operations.review.envelope.replace('AAASAAAAAQ', 'AAAHAAAAAQ'),
    'operation-unknown',
  ],
])('%s is refused', (_, text, fault) => {
  expect(faultOf(text)).toBe(fault)
})

test('text that is no UTF-8 is refused: two of them would become one', () => {
  const copy = Uint8Array.from(memoed)
  copy[68] = 0xff
  expect(faultOf(toBase64(copy))).toBe('text-not-utf8')
  const long = { ...read(vectors.published.envelope), memo: { type: 'text', text: 'x'.repeat(29) } } as const
  expect(() => writeEnvelope(long, [])).toThrow(RangeError)
})

test('100 operations and 20 signatures are read, one more of either is not', () => {
  const one = read(vectors.published.envelope)
  const [operation] = one.operations
  const [signature] = one.signatures
  if (!operation || !signature) throw new Error('the vector has one of each')
  const full = { ...one, operations: Array.from({ length: 100 }, () => operation) }
  const many = Array.from({ length: 20 }, () => signature)
  expect(read(writeEnvelope(full, many)).signatures).toHaveLength(20)
  expect(() => writeEnvelope({ ...full, operations: [...full.operations, operation] }, [])).toThrow(RangeError)
  expect(() => writeEnvelope(one, [...many, signature])).toThrow(RangeError)
})

test('a count of four thousand million costs nothing', () => {
  const one = fromBase64(vectors.operations.recovery.envelope)
  const at = Buffer.from(one).indexOf(Buffer.from('0000000100000000', 'hex'), 100)
  const many = Uint8Array.from(one)
  many.fill(0xff, at, at + 4)
  expect(['truncated', 'key-type-unknown', 'text-not-utf8']).toContain(faultOf(toBase64(many)))
})
