import { randomBytes } from 'node:crypto'
import type { CheckedKey } from './check-value.ts'
import { DIGEST_BYTES } from './pair-curves.ts'
import { useAndDestroy } from './session-keys.ts'
import { generateWrappablePair, signDigest, signingHalf } from './session-pairs.ts'

const POINT_BYTES = 65

/** A pair that nobody uses: its public key, and its private key as this key wraps it. No token needs to import anything for it. */
export const wrapThrowAwayPair = ({ session, capabilities, record, handles }: CheckedKey, context: Uint8Array) =>
  useAndDestroy(session, (own): Uint8Array => {
    const { key, publicKey } = generateWrappablePair(session, 'p256', own)
    const strategy = capabilities.pairWrap('p256', record.strategy)
    const wrapped = strategy?.wrap(session, handles, { key, context }) ?? new Uint8Array()
    return Buffer.concat([publicKey, wrapped])
  })

/** Whether what it unwraps signs for that public key. Throws `DeviceError` or `Unopenable`. */
export function unwrapsPair(
  { session, capabilities, record, handles }: CheckedKey,
  { checkValue, context }: { checkValue: Uint8Array; context: Uint8Array },
): boolean {
  const strategy = capabilities.pairWrap('p256', record.strategy)
  if (strategy === undefined) return false
  const [publicKey, wrapped] = [checkValue.subarray(0, POINT_BYTES), checkValue.subarray(POINT_BYTES)]
  return useAndDestroy(session, (own) => {
    const attributes = { ...signingHalf, ecPoint: publicKey }
    const key = own(strategy.unwrap(session, handles, { wrapped, context, attributes }))
    signDigest(session, 'p256', { key, publicKey, digest: randomBytes(DIGEST_BYTES) })
    return true
  })
}
