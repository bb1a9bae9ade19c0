import { encodeTuple, sha256 } from '@strongroom/crypto'
import { randomBytes } from 'node:crypto'
import { bindingParts } from '../envelope/associated-data.ts'
import { encodeEnvelope } from '../envelope/codec.ts'
import type { Recipient } from '../envelope/envelope.ts'
import { HsmRefusal, Unopenable } from '../errors.ts'
import { DIGEST_BYTES } from '../keys/pair-curves.ts'
import { useAndDestroy } from '../keys/session-keys.ts'
import { generateWrappablePair, signDigest, signingHalf } from '../keys/session-pairs.ts'
import { handlesIn } from '../keys/token-key.ts'
import type { Binding, IssuedPair, KeyPair, PairCurve } from '../keystore.ts'
import type { Handle } from '../pkcs11/session.ts'
import type { Attributes } from '../pkcs11/template.ts'
import { SEALED_SCALAR, shapeOf } from '../strategies/shapes.ts'
import type { WrapStrategy } from '../strategies/strategy.ts'
import type { OperationContext } from './operation.ts'
import { openPayload, placeOf, readEnvelope, sealPayload } from './payload.ts'
import { drawScalar, signWithScalar } from './sealed-scalar.ts'
import { decodeWrappedPair, encodeWrappedPair, type WrappedPair } from './wrapped-pair.ts'

/** Of what was issued, for one row. */
export interface PairRequest extends IssuedPair {
  readonly binding: Binding
}

/** Signs once before it is answered: nobody is given a public key whose private half does not come back. */
export function issueKeyPair(
  context: OperationContext,
  { curve, binding }: { curve: PairCurve; binding: Binding },
): KeyPair {
  const pair =
    wrapperOf(context, curve) === undefined ? drawPair(context, curve) : generatePair(context, curve, binding)
  try {
    const message = randomBytes(DIGEST_BYTES)
    signWith(context, pair, { binding, digest: sha256(message), message })
    const recipients = [sealPair(context, binding, pair)] as const
    return {
      publicKey: pair.publicKey,
      envelope: encodeEnvelope({ kind: 'issued-pair', recipients, body: new Uint8Array() }),
    }
  } finally {
    pair.wrapped.fill(0)
  }
}

export function signWithIssued(
  context: OperationContext,
  { digest, ...request }: PairRequest & { digest: Uint8Array },
): Uint8Array {
  if (digest.length !== DIGEST_BYTES)
    throw new HsmRefusal('input-refused', `a digest has ${DIGEST_BYTES} bytes, not ${digest.length}`)
  return withPair(context, request, (pair) => signWith(context, pair, { binding: request.binding, digest }))
}

export const issuedPublicKey = (context: OperationContext, request: PairRequest): Uint8Array =>
  withPair(context, request, ({ publicKey }) => publicKey)

/** The pair as it was sealed, wiped afterwards. Throws `Unopenable`, also for one of another curve. */
export function withPair<T>(
  context: OperationContext,
  { envelope, binding, curve }: Omit<PairRequest, 'curve'> & { readonly curve?: PairCurve },
  body: (pair: WrappedPair) => T,
): T {
  const { kind, recipients } = readEnvelope(envelope, 'issued-pair')
  const payload = openPayload(context, placeOf(context, kind, binding), recipients)
  try {
    const pair = decodeWrappedPair(payload)
    try {
      if (curve !== undefined && pair.curve !== curve) throw new Unopenable()
      return body(pair)
    } finally {
      pair.wrapped.fill(0)
    }
  } finally {
    payload.fill(0)
  }
}

/** Curve and public key are sealed with it, so that neither can be swapped. */
export function sealPair(context: OperationContext, binding: Binding, pair: WrappedPair): Recipient {
  const payload = encodeWrappedPair(pair)
  try {
    return sealPayload(context, placeOf(context, 'issued-pair', binding), payload)
  } finally {
    payload.fill(0)
  }
}

/** What wraps private keys of that curve here; `undefined`: they are drawn, and sealed. */
export function wrapperOf({ keys, capabilities }: OperationContext, curve: PairCurve): WrapStrategy | undefined {
  const { strategy } = keys.current('wrap-pair').record
  return shapeOf(strategy).keyless ? undefined : capabilities.pairWrap(curve, strategy)
}

interface Wrapping {
  readonly curve: PairCurve
  readonly binding: Binding
  readonly key: Handle
  readonly publicKey: Uint8Array
}

/** Inside the token, by its newest key for that. */
export function wrapHalf(context: OperationContext, { curve, binding, key, publicKey }: Wrapping): WrappedPair {
  const wrapper = context.keys.current('wrap-pair')
  const strategy = wrapperOf(context, curve)
  if (strategy === undefined) throw new TypeError('a private key inside a token that does not wrap it')
  const subject = { key, context: pairContext(context, binding) }
  const wrapped = strategy.wrap(context.session, handlesIn('working', wrapper), subject)
  return { curve, publicKey, strategy: strategy.name, wrapperId: wrapper.id, wrapped }
}

/** Runs `body` with the private key in the token, and destroys it there. Throws `Unopenable` or `DeviceError`. */
export function withHalf<T>(
  context: OperationContext,
  { pair, binding, attributes }: { pair: WrappedPair; binding: Binding; attributes: Attributes },
  body: (key: Handle) => T,
): T {
  const { session, keys, capabilities } = context
  const wrapper = keys.named('wrap-pair', pair.wrapperId)
  if (wrapper === undefined || wrapper.record.strategy !== pair.strategy) throw new Unopenable()
  const strategy = capabilities.pairWrap(pair.curve, pair.strategy)
  if (strategy === undefined) throw new Unopenable()
  const unwrapping = {
    wrapped: pair.wrapped,
    context: pairContext(context, binding),
    attributes: { ...attributes, ecPoint: pair.publicKey },
  }
  return useAndDestroy(session, (own) => body(own(strategy.unwrap(session, handlesIn('working', wrapper), unwrapping))))
}

const generatePair = (context: OperationContext, curve: PairCurve, binding: Binding): WrappedPair =>
  useAndDestroy(context.session, (own) =>
    wrapHalf(context, { curve, binding, ...generateWrappablePair(context.session, curve, own) }),
  )

function drawPair(context: OperationContext, curve: PairCurve): WrappedPair {
  const { scalar, publicKey } = drawScalar(context.session, curve)
  return { curve, publicKey, strategy: SEALED_SCALAR, wrapperId: new Uint8Array(), wrapped: scalar }
}

function signWith(
  context: OperationContext,
  pair: WrappedPair,
  { binding, ...signed }: { binding: Binding; digest: Uint8Array; message?: Uint8Array },
): Uint8Array {
  const { curve, publicKey } = pair
  if (pair.strategy === SEALED_SCALAR) return signWithScalar(context.session, pair, signed.digest)
  return withHalf(context, { pair, binding, attributes: signingHalf }, (key) =>
    signDigest(context.session, curve, { key, publicKey, ...signed }),
  )
}

/** For strategies with a companion: the row once more, beside the seal that binds it for all. */
const pairContext = ({ tenant }: OperationContext, binding: Binding): Uint8Array =>
  encodeTuple('strongroom/wrapped-pair', ...bindingParts({ tenant, binding }))
