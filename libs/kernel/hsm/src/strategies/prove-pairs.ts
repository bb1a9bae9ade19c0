import { createPrivateKey, createPublicKey, randomBytes } from 'node:crypto'
import { equalBytes, fromBase64url } from '@strongroom/crypto'
import { DIGEST_BYTES, pairCurves } from '../keys/pair-curves.ts'
import { aesSessionKey, importAesKey, importMacKey, macSessionKey, useAndDestroy } from '../keys/session-keys.ts'
import { generateWrappablePair, importScalar, signDigest, signingHalf } from '../keys/session-pairs.ts'
import type { PairCurve } from '../keystore.ts'
import { CKM } from '../pkcs11/cryptoki.ts'
import { isDeviceError } from '../pkcs11/device-error.ts'
import type { Handle, Session } from '../pkcs11/session.ts'
import { viewAsBuffer } from '../pkcs11/template.ts'
import type { Bench } from './bench.ts'
import { flip, isRefused } from './prove-seal.ts'
import { shapeOf } from './shapes.ts'
import type { KeyHandles, WrapStrategy } from './strategy.ts'
import { importsNothing } from './throw-away.ts'

interface Subject {
  readonly strategy: WrapStrategy
  readonly curve: PairCurve
}

/** Computed by node:crypto: the PKCS #8 that the token wrapped. May throw. */
export type UnwrapInProcess = (wrapper: Uint8Array, wrapped: Uint8Array) => Uint8Array

/**
 * What the token wraps comes back, and is to node:crypto the private key of that pair. A token that takes no key of known
 * value is tried on keys that it generates. Throws `DeviceError` or `Unopenable`.
 */
export function provesPairs(bench: Bench, subject: Subject, unwrap: UnwrapInProcess): boolean {
  try {
    return provesFormat(bench, subject, unwrap)
  } catch (error) {
    if (knowsNoSuchPair(error)) return false
    if (!importsNothing(error)) throw error
    return provesGenerated(bench, subject)
  }
}

export interface WrappedProof {
  readonly publicKey: Uint8Array
  readonly wrapped: Uint8Array
}

/**
 * Unwrapped it signs for its public key, cannot be read, and is refused once altered; by these keys. `undefined` where anything
 * is otherwise. Throws `DeviceError` or `Unopenable`.
 */
export function pairsComeBack(bench: Bench, { strategy, curve }: Subject, keys: KeyHandles): WrappedProof | undefined {
  const { session } = bench
  const context = randomBytes(20)
  return useAndDestroy(session, (own) => {
    const { key, publicKey } = generateWrappablePair(session, curve, own)
    const wrapped = strategy.wrap(session, keys, { key, context })
    const unwrapping = { wrapped, context, attributes: { ...signingHalf, ecPoint: publicKey } }
    const back = own(strategy.unwrap(session, keys, unwrapping))
    signDigest(session, curve, { key: back, publicKey, digest: randomBytes(DIGEST_BYTES) })
    const isClosed =
      session.readAttribute(back, 'sensitive')[0] === 1 && session.readAttribute(back, 'extractable')[0] === 0
    const altered = [
      ...[0, 20, wrapped.length - 1].map((at) => ({ ...unwrapping, wrapped: flip(wrapped, at) })),
      ...(keys.mac === undefined ? [] : [{ ...unwrapping, context: flip(context, 0) }]),
    ]
    const areRefused =
      altered.every((one) => isRefused(bench, (apart) => strategy.unwrap(apart, keys, one))) &&
      isRefused(bench, (apart) => apart.readAttribute(back, 'value'))
    return isClosed && areRefused ? { publicKey, wrapped } : undefined
  })
}

function provesFormat(bench: Bench, subject: Subject, unwrap: UnwrapInProcess): boolean {
  const { session } = bench
  const wrapper = randomBytes(32)
  return useAndDestroy(session, (own) => {
    const key = own(importAesKey(session, { value: wrapper, uses: ['wrap', 'unwrap'] }))
    const mac = hasCompanion(subject) ? own(importMacKey(session, randomBytes(64))) : undefined
    const proof = pairsComeBack(bench, subject, { key, ...(mac && { mac }) })
    return proof !== undefined && isPrivateKeyOf(proof.publicKey, () => unwrap(wrapper, proof.wrapped))
  })
}

const provesGenerated = (bench: Bench, subject: Subject): boolean =>
  useAndDestroy(bench.session, (own) => {
    const keys = generateKeys(bench.session, subject, own)
    return pairsComeBack(bench, subject, keys) !== undefined
  })

/** Throw-away keys to wrap with. */
function generateKeys(session: Session, subject: Subject, own: (object: Handle) => Handle): KeyHandles {
  const uses = { encrypt: false, decrypt: false, wrap: true, unwrap: true, sensitive: true, extractable: false }
  const key = own(session.generateKey(CKM.aesKeyGen, { ...aesSessionKey, ...uses, valueLength: 32 }))
  if (!hasCompanion(subject)) return { key }
  return { key, mac: own(session.generateKey(CKM.genericSecretKeyGen, { ...macSessionKey, valueLength: 64 })) }
}

/** Of a private key from outside. `C_CreateObject` refused is an answer too. */
export function importedPairsComeBack(bench: Bench, { strategy, curve }: Subject): boolean {
  const { session } = bench
  const { secretKey, publicKey } = pairCurves[curve].math.keygen()
  try {
    return useAndDestroy(session, (own) => {
      const keys = generateKeys(session, { strategy, curve }, own)
      const context = randomBytes(20)
      const wrapped = strategy.wrap(session, keys, { key: own(importScalar(session, curve, secretKey)), context })
      const key = own(
        strategy.unwrap(session, keys, { wrapped, context, attributes: { ...signingHalf, ecPoint: publicKey } }),
      )
      signDigest(session, curve, { key, publicKey, digest: randomBytes(DIGEST_BYTES) })
      return true
    })
  } catch (error) {
    if (importsNothing(error)) return false
    throw error
  }
}

const hasCompanion = ({ strategy }: Subject): boolean => shapeOf(strategy.name).companion !== undefined

/** What is behind the DER is not looked at: SoftHSM fills keys up to whole blocks of 8 bytes before it wraps them. */
function isPrivateKeyOf(publicKey: Uint8Array, unwrap: () => Uint8Array): boolean {
  try {
    const key = createPrivateKey({ key: viewAsBuffer(unwrap()), format: 'der', type: 'pkcs8' })
    const { x = '', y = '' } = createPublicKey(key).export({ format: 'jwk' })
    return equalBytes(Buffer.concat([fromBase64url(x), fromBase64url(y)]), publicKey.subarray(1))
  } catch {
    return false
  }
}

// How modules say that a curve, or pairs at all, are unknown to them; anything else may only be the day's.
const UNKNOWN_PAIR_CODES = [0x07, 0x13, 0x70, 0xd1, 0x130, 0x140]

const knowsNoSuchPair = (error: unknown): boolean =>
  isDeviceError(error, ...UNKNOWN_PAIR_CODES) && error.method === 'C_GenerateKeyPair'
