import { encodeTransactionEnvelope, encodeTransactionPayload, encodeTxIdFromVoucher } from '@onflow/sdk'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { BareAddress } from '../../src/flow/address.ts'
import { decodeMessage } from '../../src/flow/decode-message.ts'
import {
  envelopeMessage,
  type FlowPayload,
  type FlowSignature,
  payloadMessage,
  transactionId,
} from '../../src/flow/message.ts'
import { decodeRlp, encodeRlp, rlpNumber } from '../../src/flow/rlp.ts'

const hexOf = (length: number) =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((bytes) => Buffer.from(bytes).toString('hex'))
const address = hexOf(8).map((text) => text as BareAddress)
const text = fc.string({ unit: 'binary', maxLength: 300 })
const number = fc.oneof(fc.nat(300), fc.nat(2 ** 31))

const payload: fc.Arbitrary<FlowPayload> = fc.record({
  script: text.filter((one) => one !== ''),
  arguments: fc.array(
    fc.record({ type: fc.constant('String'), value: text }).map((one) => JSON.stringify(one)),
    { maxLength: 3 },
  ),
  referenceBlock: hexOf(32),
  gasLimit: number,
  proposer: fc.record({ address, keyIndex: number, sequenceNumber: number }),
  payer: address,
  authorizers: fc.array(address, { maxLength: 3 }),
})

/** A payload, and signatures by those who have something to sign. */
const signed = payload.chain((one) => {
  const signers = fc.constantFrom(one.proposer.address, one.payer, ...one.authorizers)
  const signature: fc.Arbitrary<FlowSignature> = fc.record({
    address: signers,
    keyIndex: number,
    signature: fc.uint8Array({ minLength: 64, maxLength: 64 }),
  })
  const signatures = fc.uniqueArray(signature, {
    maxLength: 4,
    selector: (each) => `${each.address}.${String(each.keyIndex)}`,
  })
  return fc.record({ payload: fc.constant(one), by: signatures, envelope: signatures })
})

function voucherOf(one: FlowPayload, by: readonly FlowSignature[], envelope: readonly FlowSignature[]) {
  const asSig = (each: FlowSignature) => ({
    address: each.address,
    keyId: each.keyIndex,
    sig: Buffer.from(each.signature).toString('hex'),
  })
  const { proposer } = one
  const voucher = {
    cadence: one.script,
    arguments: one.arguments.map((each) => JSON.parse(each) as unknown),
    refBlock: one.referenceBlock,
    computeLimit: one.gasLimit,
    proposalKey: { address: proposer.address, keyId: proposer.keyIndex, sequenceNum: proposer.sequenceNumber },
    payer: one.payer,
    authorizers: one.authorizers,
    payloadSigs: by.map(asSig),
    envelopeSigs: envelope.map(asSig),
  }
  return voucher as unknown as Parameters<typeof encodeTxIdFromVoucher>[0] &
    Parameters<typeof encodeTransactionEnvelope>[0]
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

describe('what is signed on Flow', () => {
  test('has the bytes that Flow’s own package makes: payload, envelope and id', () => {
    fc.assert(
      fc.property(signed, ({ payload: one, by, envelope }) => {
        const voucher = voucherOf(one, by, envelope)
        expect(hex(payloadMessage(one))).toBe(encodeTransactionPayload(voucher))
        expect(hex(envelopeMessage(one, by))).toBe(encodeTransactionEnvelope(voucher))
        expect(transactionId(one, { payload: by, envelope })).toBe(encodeTxIdFromVoucher(voucher))
      }),
      { numRuns: 1000 },
    )
  })

  test('is read back as it was written', () => {
    fc.assert(
      fc.property(signed, ({ payload: one, by }) => {
        const read = decodeMessage(payloadMessage(one))
        expect(read).toEqual({ form: 'payload', payload: one, payloadSignatures: [] })
        const whole = decodeMessage(envelopeMessage(one, by))
        expect(whole?.payload).toEqual(one)
        expect(whole?.payloadSignatures).toHaveLength(by.length)
      }),
    )
  })

  test('is not understood with a byte changed, but as what that byte says', () => {
    fc.assert(
      fc.property(signed, fc.nat(), fc.integer({ min: 1, max: 255 }), ({ payload: one, by }, place, change) => {
        const bytes = Uint8Array.from(envelopeMessage(one, by))
        const at = place % bytes.length
        bytes[at] = (bytes[at] ?? 0) ^ change
        const read = decodeMessage(bytes)
        if (!read) return
        const again =
          read.form === 'payload' ? payloadMessage(read.payload) : envelopeMessage(read.payload, read.payloadSignatures)
        expect(hex(again)).toBe(hex(bytes))
      }),
      { numRuns: 2000 },
    )
  })

  test('needs its tag, and ends where it ends', () => {
    fc.assert(
      fc.property(payload, (one) => {
        const bytes = payloadMessage(one)
        expect(decodeMessage(bytes.subarray(32))).toBeUndefined()
        expect(decodeMessage(Buffer.concat([bytes, Uint8Array.of(0)]))).toBeUndefined()
        expect(decodeMessage(bytes.subarray(0, -1))).toBeUndefined()
      }),
      { numRuns: 20 },
    )
  })
})

describe('RLP', () => {
  test.each([
    ['a byte with a head of its own', '8105'],
    ['a long head for something short', 'b800'],
    ['a length with leading zeros', `b90038${'00'.repeat(56)}`],
    ['a list that is cut short', 'c3c0c0'],
    ['bytes that are cut short', '8201'],
    ['two items', 'c0c0'],
    ['nothing', ''],
    ['a list that holds more than it has room for', 'c28201'],
    ['a depth that no message has', `${'c1'.repeat(20)}c0`],
    ['a length beyond all bounds', `bf${'ff'.repeat(8)}`],
  ])('refuses %s', (_name, given) => {
    expect(decodeRlp(Buffer.from(given, 'hex'))).toBeUndefined()
  })

  test.each([
    ['', '80'],
    ['00', '00'],
    ['7f', '7f'],
    ['80', '8180'],
    ['00'.repeat(55), `b7${'00'.repeat(55)}`],
    ['00'.repeat(56), `b838${'00'.repeat(56)}`],
  ])('writes bytes %# as the yellow paper says', (bytes, encoded) => {
    expect(hex(encodeRlp(Buffer.from(bytes, 'hex')))).toBe(encoded)
    expect(decodeRlp(Buffer.from(encoded, 'hex'))).toEqual(Uint8Array.from(Buffer.from(bytes, 'hex')))
  })

  test('has no number below zero or beyond what is exact', () => {
    expect(() => rlpNumber(-1)).toThrow(RangeError)
    expect(() => rlpNumber(2 ** 53)).toThrow(RangeError)
    expect(hex(rlpNumber(0))).toBe('')
    expect(hex(rlpNumber(256))).toBe('0100')
  })
})
