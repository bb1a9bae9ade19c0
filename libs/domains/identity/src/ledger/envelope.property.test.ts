import { fromBase64, toBase64 } from '@strongroom/crypto'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { signed } from '../../test/arbitrary-envelopes.ts'
import { type Envelope, isFault, readEnvelope, transactionHash, writeEnvelope } from './envelope.ts'
import { faultReasons } from './xdr.ts'

const networkPassphrase = 'A Network of the Tests'

const read = (text: string): Envelope => {
  const envelope = readEnvelope(text, networkPassphrase)
  if (isFault(envelope)) throw new Error(envelope.fault)
  return envelope
}

test('whatever is written is read as it was', () => {
  fc.assert(
    fc.property(signed, ([one, signatures]) => {
      const { hash: computed, ...back } = read(writeEnvelope(one, signatures))
      expect(back).toEqual({ ...one, signatures })
      expect(computed).toEqual(transactionHash(one, networkPassphrase))
    }),
    { numRuns: 300 },
  )
})

/** Read whole, it has one form: what is not refused is what `writeEnvelope` writes. */
function isJudged(text: string): boolean {
  const envelope = readEnvelope(text, networkPassphrase)
  if (isFault(envelope)) return faultReasons.includes(envelope.fault)
  const { signatures, hash: _, ...transaction } = envelope
  return writeEnvelope(transaction, signatures) === text
}

test('whatever arrives is read or refused, and never read in two forms', () => {
  expect(isJudged('AAAA')).toBe(true)
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (random) => isJudged(toBase64(random))),
    { numRuns: 1000 },
  )
  fc.assert(
    fc.property(fc.string({ maxLength: 200 }), (random) => isJudged(random)),
    { numRuns: 500 },
  )
})

test('an envelope with some bytes changed, taken out or put in is read or refused, and never read in two forms', () => {
  const edit = fc.tuple(fc.nat(2000), fc.nat(3), fc.uint8Array({ maxLength: 8 }))
  fc.assert(
    fc.property(signed, edit, ([one, signatures], [at, out, put]) => {
      const whole = fromBase64(writeEnvelope(one, signatures))
      const place = at % whole.length
      const edited = Uint8Array.of(...whole.subarray(0, place), ...put, ...whole.subarray(place + out))
      expect(isJudged(toBase64(edited))).toBe(true)
    }),
    { numRuns: 1000 },
  )
})
