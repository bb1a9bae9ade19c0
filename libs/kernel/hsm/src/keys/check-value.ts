import { createHash, randomBytes, verify } from 'node:crypto'
import { encodeTuple, equalBytes } from '@strongroom/crypto'
import { Unopenable } from '../errors.ts'
import type { KeyRecord } from '../keystore.ts'
import { blamesDevice, isDeviceError } from '../pkcs11/device-error.ts'
import { CKM } from '../pkcs11/cryptoki.ts'
import type { Session } from '../pkcs11/session.ts'
import type { Capabilities } from '../strategies/capabilities.ts'
import { shapeOf } from '../strategies/shapes.ts'
import type { KeyHandles } from '../strategies/strategy.ts'
import { toEd25519PublicKey } from './ed25519-key.ts'
import { toPublicKey } from './public-point.ts'
import { unwrapsPair, wrapThrowAwayPair } from './pair-check.ts'
import { importAesKey, readableKey, useAndDestroy } from './session-keys.ts'

/** What a check needs: the objects of the key, and the session to use them on. */
export interface CheckedKey {
  readonly session: Session
  readonly capabilities: Capabilities
  readonly record: Omit<KeyRecord, 'checkValue'>
  readonly handles: KeyHandles
}

const MAC_CHECK_BYTES = 32

/** Bytes that only this key could have made or can open; they are not secret, and stand in the database. */
export function makeCheckValue(checked: CheckedKey): Uint8Array {
  const { session, capabilities, record, handles } = checked
  const associated = checkText(record.label)
  switch (record.job) {
    case 'seal':
      return capabilities.seal(record.strategy).seal(session, handles, { plaintext: digest(associated), associated })
    case 'wrap':
      if (shapeOf(record.strategy).keyless) return digest(associated)
      return useAndDestroy(session, (own) => {
        const key = own(
          importAesKey(session, { value: digest(associated), uses: ['encrypt'], extractable: 'extractable' }),
        )
        return capabilities.wrap(record.strategy).wrap(session, handles, { key, context: associated })
      })
    case 'wrap-pair':
      return shapeOf(record.strategy).keyless ? digest(associated) : wrapThrowAwayPair(checked, associated)
    case 'mac':
      return session.sign(CKM.sha512Hmac, handles.key, associated).subarray(0, MAC_CHECK_BYTES)
    case 'sign':
    case 'sign-ed25519':
    case 'recover':
      return digest(handles.publicHalf ?? new Uint8Array())
  }
}

/** Uses the key for its job: false where it is another key than the recorded one. Throws `DeviceError` where the token failed. */
export function matchesCheckValue(key: CheckedKey, checkValue: Uint8Array): boolean {
  try {
    return matches(key, checkValue)
  } catch (error) {
    if (isDeviceError(error) && !blamesDevice(error)) return false
    throw error
  }
}

/** As `matchesCheckValue`, but every failure of the token is thrown. */
export function matches(key: CheckedKey, checkValue: Uint8Array): boolean {
  try {
    return answers(key, checkValue)
  } catch (error) {
    if (error instanceof Unopenable) return false
    throw error
  }
}

function answers(checked: CheckedKey, checkValue: Uint8Array): boolean {
  const { record } = checked
  switch (record.job) {
    case 'seal':
      return opens(checked, checkValue) && (isWhole(checked) || answersItself(checked))
    case 'wrap':
      if (shapeOf(record.strategy).keyless) return equalBytes(checkValue, makeCheckValue(checked))
      return unwraps(checked, checkValue) && (isWhole(checked) || answersItself(checked))
    case 'wrap-pair':
      if (shapeOf(record.strategy).keyless) return equalBytes(checkValue, makeCheckValue(checked))
      return unwrapsPair(checked, { checkValue, context: checkText(record.label) })
    case 'mac':
      return equalBytes(makeCheckValue(checked), checkValue)
    case 'sign':
      return equalBytes(makeCheckValue(checked), checkValue) && signsForItsPoint(checked)
    case 'sign-ed25519':
      return equalBytes(makeCheckValue(checked), checkValue) && signsForItsEd25519Key(checked)
    case 'recover':
      return equalBytes(makeCheckValue(checked), checkValue) && opensForItsPublicHalf(checked)
  }
}

/** One object does both: what opens what was closed closes no differently. */
const isWhole = ({ record }: CheckedKey): boolean => shapeOf(record.strategy).pair === undefined

/** What this public half closes this private half opens: another's would close for another. */
const answersItself = (checked: CheckedKey): boolean =>
  checked.record.job === 'wrap' ? unwraps(checked, makeCheckValue(checked)) : opens(checked, makeCheckValue(checked))

function opens({ session, capabilities, record, handles }: CheckedKey, sealed: Uint8Array): boolean {
  const associated = checkText(record.label)
  const opened = capabilities.seal(record.strategy).open(session, handles, { sealed, associated })
  return equalBytes(opened, digest(associated))
}

function unwraps({ session, capabilities, record, handles }: CheckedKey, wrapped: Uint8Array): boolean {
  const context = checkText(record.label)
  return useAndDestroy(session, (own) => {
    const unwrapping = { wrapped, context, attributes: readableKey }
    const known = own(capabilities.wrap(record.strategy).unwrap(session, handles, unwrapping))
    return equalBytes(session.readAttribute(known, 'value'), digest(context))
  })
}

/** The halves of a pair are two objects on the token: a private key with another's public key would sign for nobody. */
function signsForItsPoint({ session, handles: { key, publicHalf } }: CheckedKey): boolean {
  if (publicHalf === undefined) return false
  const message = randomBytes(32)
  const signature = session.sign(CKM.ecdsa, key, digest(message))
  return verify('sha256', message, { key: toPublicKey(publicHalf), dsaEncoding: 'ieee-p1363' }, signature)
}

function signsForItsEd25519Key({ session, handles: { key, publicHalf } }: CheckedKey): boolean {
  if (publicHalf === undefined) return false
  const message = randomBytes(32)
  return verify(null, message, toEd25519PublicKey(publicHalf), session.sign(CKM.eddsa, key, message))
}

function opensForItsPublicHalf({ session, capabilities, record, handles: { key, publicHalf } }: CheckedKey): boolean {
  if (publicHalf === undefined) return false
  const strategy = capabilities.recover(record.strategy)
  const message = randomBytes(32)
  return equalBytes(strategy.open(session, key, strategy.seal(publicHalf, message)), message)
}

const checkText = (label: string): Uint8Array => encodeTuple('strongroom/check', label)
const digest = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash('sha256').update(bytes).digest())
