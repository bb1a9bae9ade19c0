import { equalBytes } from '@strongroom/crypto'
import type { Recipient } from '../envelope/envelope.ts'
import { Unopenable } from '../errors.ts'
import { publicKeyOf } from '../keys/pair-curves.ts'
import { useAndDestroy } from '../keys/session-keys.ts'
import { importScalar, readableHalf, readScalar, rewrappableHalf } from '../keys/session-pairs.ts'
import type { Binding } from '../keystore.ts'
import { SEALED_SCALAR } from '../strategies/shapes.ts'
import { sealPair, withHalf, withPair, wrapHalf, wrapperOf } from './issued-pair.ts'
import type { OpenRequest } from './open.ts'
import type { OperationContext } from './operation.ts'
import { decodeWrappedPair, encodeWrappedPair, type WrappedPair } from './wrapped-pair.ts'

/** The pair as another token is to hold it: with its private key as it is. The caller wipes it. */
export const readPair = (context: OperationContext, request: OpenRequest): Uint8Array =>
  withPair(context, request, (pair) => {
    const scalar = readHalf(context, request.binding, pair)
    try {
      const isItsOwn = equalBytes(publicKeyOf(pair.curve, scalar) ?? new Uint8Array(), pair.publicKey)
      if (!isItsOwn) throw new Unopenable()
      return encodeWrappedPair(bare(pair, scalar))
    } finally {
      scalar.fill(0)
    }
  })

function readHalf(context: OperationContext, binding: Binding, pair: WrappedPair): Uint8Array {
  if (pair.strategy === SEALED_SCALAR) return Uint8Array.from(pair.wrapped)
  return withHalf(context, { pair, binding, attributes: readableHalf }, (key) => readScalar(context.session, key))
}

/**
 * This token's recipient anew: wrapped by its current key for pairs, sealed by its current seal key. The private key is
 * unwrapped sensitive, to be wrapped again; it comes to this process only where the token wraps none of its curve.
 */
export const renewPair = (context: OperationContext, request: OpenRequest): Recipient =>
  withPair(context, request, (pair) => {
    const { curve, publicKey, strategy } = pair
    const { binding } = request
    if (strategy !== SEALED_SCALAR && wrapperOf(context, curve) !== undefined)
      return withHalf(context, { pair, binding, attributes: rewrappableHalf }, (key) =>
        sealPair(context, binding, wrapHalf(context, { curve, binding, key, publicKey })),
      )
    const bytes = readPair(context, request)
    try {
      return holdIssuedPair(context, binding, bytes)
    } finally {
      bytes.fill(0)
    }
  })

/** This token's recipient of a pair that another one issued: wrapped by its own key where it takes one from outside, else sealed. */
export function holdIssuedPair(context: OperationContext, binding: Binding, bytes: Uint8Array): Recipient {
  const pair = decodeWrappedPair(bytes)
  try {
    const held = wrapImported(context, binding, pair)
    return sealPair(context, binding, held)
  } finally {
    pair.wrapped.fill(0)
  }
}

function wrapImported(context: OperationContext, binding: Binding, pair: WrappedPair): WrappedPair {
  const { session, capabilities } = context
  const { curve, publicKey, wrapped: scalar } = pair
  const wrapper = wrapperOf(context, curve)
  if (wrapper === undefined || !capabilities.importsPair(curve, wrapper.name)) return pair
  return useAndDestroy(session, (own) =>
    wrapHalf(context, { curve, binding, publicKey, key: own(importScalar(session, curve, scalar)) }),
  )
}

const bare = ({ curve, publicKey }: WrappedPair, scalar: Uint8Array): WrappedPair => ({
  curve,
  publicKey,
  strategy: SEALED_SCALAR,
  wrapperId: new Uint8Array(),
  wrapped: scalar,
})
